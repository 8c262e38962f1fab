/**
 * One mailbox's row in the outbox, from which a start knows whom a push is owed. It follows from the
 * mailbox's cursors, and is written in the same commit as the mailbox's own row.
 *
 * @module
 */
import type { Position, PushAddress } from "../store.ts";
import { type Cursor, mayBeOwed } from "./cursor.ts";
import type { Write } from "./database.ts";
import { outboxKey } from "./keys.ts";

/** Nobody is owed anything: there is no row. */
const NOBODY = "";

/** No list: a commit that threw may have been made. */
export const UNKNOWN = "?";

/** What the outbox says of one mailbox. It does no input or output. */
export class Debts {
  #told = NOBODY;

  /** What the outbox says, for the mailbox's row; "" where it says nothing. */
  get told(): string {
    return this.#told;
  }

  /** Takes over what the mailbox's row says. */
  load(told: string | undefined): void {
    this.#told = told ?? NOBODY;
  }

  /** The writes that make the outbox say something else. {@linkcode begin} comes before the commit. */
  writes(user: string, owed: string): Write[] {
    if (owed === this.#told) return [];
    const value = owed === NOBODY ? null : new TextEncoder().encode(owed);
    return [{ key: outboxKey(user), value }];
  }

  /** A commit is under way. */
  begin(): void {
    this.#told = UNKNOWN;
  }

  /** The commit was made. */
  done(owed: string): void {
    this.#told = owed;
  }
}

/** What the outbox has to say of a mailbox whose newest entry is `last`. */
export function owedBy(
  cursors: Iterable<Pick<Cursor, "device" | "position" | "reach">>,
  last: Position,
): string {
  const owed: OwedDevice[] = [];
  for (const cursor of cursors) {
    if (cursor.reach === undefined || !mayBeOwed(cursor, last)) continue;
    owed.push([cursor.device, cursor.reach.provider]);
  }
  return owed.length === 0 ? NOBODY : JSON.stringify(owed);
}

/** A device in the outbox, and whose service reaches it. */
export type OwedDevice = readonly [device: string, provider: PushAddress["provider"]];
