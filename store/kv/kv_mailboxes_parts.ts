/**
 * What the mailboxes of the embedded store are made of.
 *
 * @module
 */
import type { StoreClock, StoreLimits } from "../store.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import type { Replayed } from "./replay.ts";
import type { Segments } from "./segments.ts";

/** What `KvMailboxes` works on. */
export interface KvMailboxesParts {
  readonly database: OwnedDatabase;
  /** Where the journal writes. */
  readonly segments: Segments;
  readonly clock: StoreClock;
  readonly limits: StoreLimits;
  readonly replayed: Replayed;
  /** Hears of background work that failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}
