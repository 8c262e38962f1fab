/**
 * What was revoked while sign-ins were under way: one that looked at the store before the revocation
 * was there must not come in after it.
 *
 * @module
 */
import type { CredentialMark } from "../rpc/mod.ts";

/** What no longer lets anybody in. */
export type Revocation =
  /** Every token of a user that was issued then or earlier, in milliseconds since 1970. */
  | { readonly kind: "user"; readonly user: string; readonly before: number }
  /** Every token of a device's session. */
  | { readonly kind: "session"; readonly user: string; readonly session: string }
  /** One token; whose it is need not be known. */
  | { readonly kind: "token"; readonly user?: string; readonly id: string };

/** Revocations of each kind that are remembered: more than happen while a sign-in is under way. */
const ENTRIES_MAX = 10_000;

/** Whether a revocation means a credential of a user. */
export function isRevokedBy(
  revocation: Revocation,
  user: string,
  { id, session, issued }: CredentialMark,
): boolean {
  switch (revocation.kind) {
    case "user":
      // A token that does not say when it was issued may be as old as any.
      return revocation.user === user && (issued ?? 0) <= revocation.before;
    case "session":
      return revocation.session === session;
    case "token":
      return revocation.id === id;
  }
}

/** The last revocations, oldest first. */
export class RevokedLately {
  readonly #users = new Map<string, Revocation>();
  readonly #sessions = new Map<string, Revocation>();
  readonly #tokens = new Map<string, Revocation>();

  /** Remembers a revocation. */
  add(revocation: Revocation): void {
    switch (revocation.kind) {
      case "user":
        return put(this.#users, revocation.user, revocation);
      case "session":
        return put(this.#sessions, revocation.session, revocation);
      case "token":
        return put(this.#tokens, revocation.id, revocation);
    }
  }

  /** Whether a credential of a user was revoked lately. */
  has(user: string, credential: CredentialMark): boolean {
    const { id, session } = credential;
    const found = [
      this.#users.get(user),
      session === undefined ? undefined : this.#sessions.get(session),
      this.#tokens.get(id),
    ];
    return found.some((one) => one !== undefined && isRevokedBy(one, user, credential));
  }
}

function put(entries: Map<string, Revocation>, key: string, revocation: Revocation): void {
  entries.delete(key);
  entries.set(key, revocation);
  if (entries.size <= ENTRIES_MAX) return;
  const [oldest] = entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
}
