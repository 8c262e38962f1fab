/**
 * Entries for tests.
 *
 * @module
 */
import type { Entry } from "../../store/mod.ts";

/** A message from ann to bob, but for what the test says. */
export function entryOf(entry: Partial<Entry> = {}): Entry {
  return {
    id: "01JD8Z00000000000000000000",
    kind: "message",
    sender: "ann",
    from: "ann",
    to: "bob",
    device: "laptop",
    time: 0,
    expires: 3_600_000,
    receipt: false,
    urgent: false,
    body: "{}",
    bytes: 2,
    position: 1,
    ...entry,
  };
}
