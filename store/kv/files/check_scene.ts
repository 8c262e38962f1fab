/**
 * What the checks of all kinds of rows share.
 *
 * @module
 */
import type { Finding, StoreCounts } from "../../store_files.ts";
import type { Position } from "../../store.ts";
import { CidFilter } from "../cid_filter.ts";
import type { Key, Row, Write } from "../database.ts";
import { removalKey, userKey } from "../keys.ts";
import type { Snapshot } from "./snapshot.ts";
import { parseJson } from "../values.ts";

/** Compares one row with those that belong to it. Whatever it throws says that it is not readable. */
export type RowCheck = (row: Row, scene: Scene) => void;

/** One check of a file. */
export class Scene {
  /** Counted on the way. */
  readonly counts: { -readonly [K in keyof StoreCounts]: StoreCounts[K] } = {
    users: 0,
    devices: 0,
    mailboxes: 0,
    messages: 0,
  };
  /** Cids that some list will have forgotten in time. Those it errs on are not looked at. */
  readonly listedCids = new CidFilter(0);
  /** The newest position that was ever handed out. */
  newest: Position = Infinity;
  readonly rows: Snapshot;
  readonly #foreign = new Set<Key[number] | undefined>();
  readonly #found: (finding: Finding) => void;

  constructor(rows: Snapshot, found: (finding: Finding) => void) {
    this.rows = rows;
    this.#found = found;
  }

  /** Tells what is wrong, and what would make it right. */
  tell(problem: string, ...mend: readonly Write[]): void {
    this.#found({ problem, mend });
  }

  /** Tells, once, of rows of a kind that this version of Titan does not write. */
  tellForeign(kind: Key[number] | undefined): void {
    if (this.#foreign.has(kind)) return;
    this.#foreign.add(kind);
    this.tell(`Rows of the kind ${quote(kind)} are not known here`);
  }

  /** The JSON of another row, or null where there is none or it is no JSON. */
  json<T>(key: Key): T | null {
    const row = this.rows.get(key);
    try {
      return row === null ? null : parseJson<T>(row.value);
    } catch {
      // The row itself is told of when it is its turn.
      return null;
    }
  }

  /** Whether there is a row. */
  has(key: Key): boolean {
    return this.rows.get(key) !== null;
  }

  /** Whether a user was removed, and the next start removes what is left. */
  isRemoved(user: string): boolean {
    return this.has(removalKey(user));
  }

  /** Whether rows of a user may be there: the user exists, or the next start removes what is left. */
  mayBelongTo(user: string): boolean {
    return this.has(userKey(user)) || this.isRemoved(user);
  }
}

/** How a text is named in a finding. */
export function quote(text: unknown): string {
  return JSON.stringify(text);
}
