/**
 * What is stored of a mailbox beside its entries.
 *
 * @module
 */
import type { Position } from "../store.ts";
import type { Amount } from "./amount.ts";
import type { CursorState } from "./lines.ts";

/** The row of a mailbox. */
export interface MailboxRow {
  /** Entries up to here are rows, later ones are in the journal. */
  readonly settled: Position;
  /** The position of the newest entry. */
  readonly last: Position;
  /** What some device has acknowledged, as `Stretches` write it. */
  readonly acknowledged: string;
  /** Rows up to here belong to an earlier user of the same name. */
  readonly born: Position;
  /** What the rows hold past the position `counted`. */
  readonly counted: Position;
  readonly rows: Readonly<Amount>;
  /** Where its row in the index of expiries is, as `Expiry` has it; null where there is none. */
  readonly expires: number | null;
  /** What its row in the outbox says, as `Debts` have it; rows of old have none. */
  readonly owed?: string | undefined;
  readonly cursors: readonly (readonly [device: string, CursorState])[];
}
