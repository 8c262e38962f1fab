/**
 * What of an entry every reader sees.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Entry } from "../store.ts";

/**
 * An entry as every reader must see it. `cid` and `fingerprint` have done their work when a draft
 * is committed, so a backend may leave them out of what it reads back; it may also add to an entry
 * what it needs itself.
 */
export function delivered(entry: Entry): Omit<Entry, "cid" | "fingerprint"> {
  const { position, id, kind, sender, from, to, device } = entry;
  const { time, expires, receipt, urgent, body, bytes } = entry;
  const envelope = { position, id, kind, sender, from, to, device, time, expires };
  return { ...envelope, receipt, urgent, body, bytes };
}

/** Checks that entries are the same, in the same order, in all that a reader sees. */
export function assertEntries(actual: readonly Entry[], expected: readonly Entry[]): void {
  assert.deepEqual(actual.map(delivered), expected.map(delivered));
}
