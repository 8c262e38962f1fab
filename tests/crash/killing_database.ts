/**
 * A database that ends its own process at a given call.
 *
 * @module
 */
import type { Check, Database, Key, Range, Row, Write } from "../../store/kv/database.ts";
import type { StepKind } from "./fault.ts";
import type { KillSwitch } from "./kill_switch.ts";

/** Passes everything on, until the call at which the process dies. */
export class KillingDatabase implements Database {
  readonly #database: Database;
  readonly #kill: KillSwitch;

  constructor(database: Database, kill: KillSwitch) {
    this.#database = database;
    this.#kill = kill;
  }

  read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    return this.#database.read(keys);
  }

  list(range: Range, limit: number): Promise<readonly Row[]> {
    const step = range.start[0] === "journal" ? "replay" : undefined;
    return this.#kill.step(step, () => this.#database.list(range, limit));
  }

  commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    return this.#kill.step(stepOf(writes), () => this.#database.commit(checks, writes));
  }

  close(): void {
    this.#database.close();
  }
}

/** What a commit is a part of, by the keys that it writes. */
export function stepOf(writes: readonly Write[]): StepKind | undefined {
  const sets = new Set<unknown>();
  const deletes = new Set<unknown>();
  for (const { key, value } of writes) (value === null ? deletes : sets).add(key[0]);
  if (sets.has("removals") || deletes.has("removals") || deletes.has("devices")) return "removal";
  if (sets.has("revoked_users") || sets.has("revoked_tokens")) return "revocation";
  // All of these go with a journal segment that may hold messages too.
  if (sets.has("users") || sets.has("devices")) return "registration";
  if (sets.has("journal")) return "commit";
  if (sets.has("journal_files")) return "rotation";
  if (sets.has("counters")) return "cut";
  if (sets.has("cids")) return "cids";
  // The sweep deletes the list that names cids with them; a removal has none.
  if (deletes.has("cids") && !deletes.has("cid_expiries")) return "removal";
  // Deleting the chunks of a removed user leaves the mailbox's row alone: that is gone already.
  if (deletes.has("messages")) return sets.has("mailboxes") ? "compaction" : "removal";
  if (sets.has("mailboxes")) return "settle";
  return sets.has("owner") ? "owner" : undefined;
}
