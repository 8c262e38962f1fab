/**
 * Entries for tests.
 *
 * @module
 */
import type { Draft } from "../store.ts";
import { place, type StoredEntry } from "./lines.ts";

/** When the entries of tests were accepted, in milliseconds since 1970. */
export const TEST_TIME = Date.UTC(2026, 0, 1);

/** What the drafts of tests live where a test does not say, in milliseconds. */
export const TEST_TTL_MS = 3600 * 1000;

/** A draft of `alice`'s phone to `bob`, but for what `part` says. */
export function makeDraft(id: string, part: Partial<Draft> = {}): Draft {
  const body = part.body ?? `"text of ${id}"`;
  const sender = part.sender ?? "alice";
  return {
    id,
    kind: "message",
    sender,
    from: sender,
    to: "bob",
    device: "phone",
    time: TEST_TIME,
    expires: TEST_TIME + TEST_TTL_MS,
    receipt: false,
    urgent: false,
    body,
    bytes: new TextEncoder().encode(body).length,
    ...part,
  };
}

/** An entry at a position, with the id `m` and the position. */
export function makeEntry(
  position: number,
  { copied = false, ...part }: Partial<StoredEntry> = {},
): StoredEntry {
  return place(makeDraft(`m${position}`, part), position, copied);
}

/** Entries at some positions. */
export function makeEntries(
  positions: readonly number[],
  part: Partial<StoredEntry> = {},
): StoredEntry[] {
  return positions.map((position) => makeEntry(position, part));
}

/** The ids of entries. */
export function idsOf(entries: readonly { readonly id: string }[]): string[] {
  return entries.map(({ id }) => id);
}
