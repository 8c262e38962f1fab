/**
 * Looking at what a client brings to sign in with: whether it is valid, whether it was ended before
 * its time, and whether this client failed too often to be looked at.
 *
 * @module
 */
import { type CredentialMark, RpcError } from "../../rpc/mod.ts";
import type { Store } from "../../store/mod.ts";
import type { Log } from "../log.ts";
import {
  type IdTokenClaims,
  type Issuers,
  IssuerUnavailableError,
  UnknownIssuerError,
} from "../oidc/mod.ts";
import { BadCredentialError } from "../bad_credential.ts";
import type { FailureLockout } from "./failure_lockout.ts";
import { claimedUser, type RefreshClaims, type Tokens } from "./tokens.ts";

/** Whom a valid token names. */
export interface Credential {
  /** The user's id, normalised. */
  readonly user: string;
  /** The device, where the token is for one only. */
  readonly device: string | undefined;
  /** What the token is known by. */
  readonly mark: CredentialMark;
  /** When the device of the token's session was last here, where it has one. */
  readonly seen?: number | undefined;
}

/** What {@linkcode Credentials} are made of. */
export interface CredentialsParts {
  /** Verify access and refresh tokens. */
  readonly tokens: Tokens;
  /** Verify ID tokens. */
  readonly issuers: Issuers;
  /** Counts what is not valid. */
  readonly lockout: FailureLockout;
  /** Knows what was revoked, and the sessions of devices. */
  readonly store: Pick<Store, "devices" | "revocations">;
  /** Hears of refusals. */
  readonly log: Log;
}

/** Verifies credentials. Whatever it throws may cross the wire. */
export class Credentials {
  readonly #parts: CredentialsParts;

  /** Works on what others keep. */
  constructor(parts: CredentialsParts) {
    this.#parts = parts;
  }

  /**
   * Verifies an access token, ours or the deployment's.
   *
   * @throws {RpcError} `bad_credential`; `rate_limited` after too many failures;
   * `issuer_unavailable`: the keys of the deployment's own tokens cannot be had
   */
  async verify(token: string, address: string): Promise<Credential> {
    return await this.#guard(claimedUser(token), address, async () => {
      const { user, device, ...mark } = await this.#parts.tokens.verify(token);
      const seen = await this.#assertNotRevoked(user, device, mark);
      return { user, device, mark, seen };
    });
  }

  /**
   * Verifies an issuer's ID token.
   *
   * @throws {RpcError} as {@linkcode Credentials.verify}; `not_configured`, `issuer_unavailable`
   */
  async verifyIdToken(issuer: string, token: string, address: string): Promise<IdTokenClaims> {
    const { issuers } = this.#parts;
    const account = issuers.claimedUser(issuer, token);
    return await this.#guard(account, address, async () => {
      const claims = await issuers.verify(issuer, token);
      // Whoever was logged out everywhere, or left, signs in with a token that the issuer made since.
      const { before } = await this.#parts.store.revocations.get(claims.user, "");
      if (before > 0 && claims.issued <= before) throw new BadCredentialError("revoked");
      return claims;
    }, true);
  }

  /**
   * Verifies a refresh token, and lets it be used.
   *
   * @param use uses it up. @throws {BadCredentialError} it was used before, or its session is over.
   * @throws {RpcError} as {@linkcode Credentials.verify}
   */
  async useRefresh<T>(
    token: string,
    address: string,
    use: (claims: RefreshClaims) => Promise<T & { readonly user: string }>,
  ): Promise<T> {
    return await this.#guard(claimedUser(token), address, async () => {
      const claims = await this.#parts.tokens.verifyRefresh(token);
      return await use(claims);
    });
  }

  /**
   * @param isExpiryCounted whether an expired token counts as a failure: it does where nobody has
   * looked at its signature
   */
  async #guard<T extends { readonly user: string }>(
    account: string | undefined,
    address: string,
    verify: () => Promise<T>,
    isExpiryCounted = false,
  ): Promise<T> {
    const { lockout, log } = this.#parts;
    this.#assertNotBlocked(account, address);
    const leave = await lockout.enter(account, address);
    try {
      // Others may have failed while this one waited.
      this.#assertNotBlocked(account, address);
      const verified = await verify();
      lockout.succeeded(verified.user, address);
      return verified;
    } catch (error) {
      if (!(error instanceof BadCredentialError)) throw this.#told(error);
      // An application whose token is over guesses nothing: it must not lock its office out.
      const isOver = error.reason === "revoked" || error.reason === "reused" ||
        (error.reason === "expired" && !isExpiryCounted);
      if (!isOver) lockout.failed(account, address);
      log.warn("sign-in refused", { address, reason: error.reason });
      throw new RpcError("bad_credential", { detail: error.reason });
    } finally {
      leave();
    }
  }

  #assertNotBlocked(account: string | undefined, address: string): void {
    const blocked = this.#parts.lockout.blocked(account, address);
    if (blocked > 0) throw new RpcError("rate_limited", { retryAfter: Math.ceil(blocked / 1000) });
  }

  /** What a client is told where nothing can be said of its credential. */
  #told(error: unknown): unknown {
    if (error instanceof UnknownIssuerError) {
      return new RpcError("not_configured", { detail: "sign-in with this issuer" });
    }
    if (!(error instanceof IssuerUnavailableError)) return error;
    return new RpcError("issuer_unavailable", { retryAfter: Math.ceil(error.retryMs / 1000) });
  }

  async #assertNotRevoked(
    user: string,
    device: string | undefined,
    { id, session, issued }: CredentialMark,
  ): Promise<number | undefined> {
    const { revocations, devices } = this.#parts.store;
    const refused = await revocations.get(user, id);
    // A token that does not say when it was issued may be as old as any.
    if (refused.token || (refused.before > 0 && (issued ?? 0) <= refused.before)) {
      throw new BadCredentialError("revoked");
    }
    if (session === undefined) return undefined;
    const known = device === undefined ? null : await devices.get(user, device);
    const isCurrent = known?.session?.id === session;
    // A session is as old as its sign-in, however new its tokens are.
    if (!isCurrent || known.session.began <= refused.before) {
      throw new BadCredentialError("revoked");
    }
    return known.seen;
  }
}
