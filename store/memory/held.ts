/**
 * How much waits in one mailbox of the memory store.
 *
 * @module
 */
import type { Draft, StoreLimits } from "../store.ts";

/** How much waits in a mailbox. */
export interface Held {
  readonly messages: number;
  readonly bytes: number;
  /** Receipts are no messages; they are counted so that they are bounded. */
  readonly receipts: number;
}

/** Nothing waits. */
export const NOTHING: Held = { messages: 0, bytes: 0, receipts: 0 };

/** What waits when one more does. */
export function plus(waiting: Held, draft: Draft): Held {
  return count(waiting, draft, 1);
}

/** What waits when one no longer does. */
export function minus(waiting: Held, draft: Draft): Held {
  return count(waiting, draft, -1);
}

function count(waiting: Held, draft: Draft, sign: 1 | -1): Held {
  const { messages, bytes, receipts } = waiting;
  return draft.kind === "receipt"
    ? { messages, bytes, receipts: receipts + sign }
    : { messages: messages + sign, bytes: bytes + sign * draft.bytes, receipts };
}

/** Whether one more may wait. */
export function fits(waiting: Held, draft: Draft, limits: StoreLimits): boolean {
  if (draft.kind === "receipt") return waiting.receipts < 2 * limits.mailboxMessages;
  return waiting.messages < limits.mailboxMessages &&
    waiting.bytes + draft.bytes <= limits.mailboxBytes;
}
