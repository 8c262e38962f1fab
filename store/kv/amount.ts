/**
 * Counting what a mailbox holds.
 *
 * @module
 */
import type { Draft, StoreLimits } from "../store.ts";
import type { StoredEntry } from "./lines.ts";

/** Receipts that may wait, as a multiple of the messages that may. */
const RECEIPTS_FACTOR = 2;

/** How much something holds. Receipts are counted apart: they must not make a mailbox full. */
export interface Amount {
  messages: number;
  bytes: number;
  receipts: number;
}

/** No entries at all. */
export const NOTHING: Readonly<Amount> = { messages: 0, bytes: 0, receipts: 0 };

/** What makes the counts exact, until something changes that is not an append. */
export interface Exact {
  /** When the first of the entries expires. */
  until: number;
  /** What is in the rows and waits for nobody: expired, or sent by the only device behind. */
  readonly spare: Readonly<Amount>;
}

/** Adds an entry to an amount, or takes it out. */
export function count(amount: Amount, entry: StoredEntry, sign: 1 | -1): void {
  if (entry.kind === "receipt") {
    amount.receipts += sign;
    return;
  }
  amount.messages += sign;
  amount.bytes += sign * entry.bytes;
}

/** An amount and some entries more. */
export function amountWith(amount: Readonly<Amount>, entries: Iterable<StoredEntry>): Amount {
  const sum = { ...amount };
  for (const entry of entries) count(sum, entry, 1);
  return sum;
}

/** Whether one more may wait where so much does. */
export function fits(
  held: Readonly<Amount>,
  { kind, bytes }: Pick<Draft, "kind" | "bytes">,
  limits: StoreLimits,
): boolean {
  if (kind === "receipt") return held.receipts < limits.mailboxMessages * RECEIPTS_FACTOR;
  return held.messages < limits.mailboxMessages && held.bytes + bytes <= limits.mailboxBytes;
}
