/**
 * Entries that devices refused: copied aside, so that cursors may pass them, and kept with the user.
 *
 * @module
 */
import type { Aside, AsidePage, AsidePlace, Entry, ReadLimit } from "../store.ts";
import type { ListsRows, Row, Write } from "./database.ts";
import { asideKey, asidePlace, asidesRange } from "./keys.ts";
import { entryLine, parseLines } from "./lines.ts";
import type { MailboxTable } from "./mailbox_table.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { joinText, readTexts, textWrites } from "./values.ts";

/** Runs a job that no removal of a user may meet. */
export type Runner = (job: () => Promise<void>) => Promise<void>;

/** What was set aside for all users. */
export class Asides {
  readonly #database: OwnedDatabase;
  readonly #table: MailboxTable;
  readonly #run: Runner;

  constructor(database: OwnedDatabase, table: MailboxTable, run: Runner) {
    this.#database = database;
    this.#table = table;
    this.#run = run;
  }

  /** See {@linkcode Mailboxes.setAside}. */
  set(user: string, device: string, entry: Entry): Promise<void> {
    return this.#run(async () => {
      // What is written behind a removal would be the next user's of that name.
      if (await this.#table.load(user) === null) return;
      await this.#database.write(asideWrites(user, device, entry));
    });
  }

  /** See {@linkcode Mailboxes.readAside}. */
  read(user: string, after: AsidePlace | null, limit: ReadLimit): Promise<AsidePage> {
    return readAsides(this.#database, user, after, limit);
  }
}

/** The writes that set an entry aside. */
export function asideWrites(user: string, device: string, entry: Entry): Write[] {
  const line = entryLine({ ...entry, copied: false });
  return textWrites(line, (part) => asideKey(user, device, entry.position, part));
}

/** Reads what devices of a user refused; see {@linkcode Mailboxes.readAside}. */
export async function readAsides(
  database: ListsRows,
  user: string,
  after: AsidePlace | null,
  limit: ReadLimit,
): Promise<AsidePage> {
  const asides: Aside[] = [];
  let bytes = 0;
  let place = after;
  for (let more = true; more;) {
    const read = await readTexts(database, asidesRange(user, place));
    for (const parts of read.texts) {
      const aside = parseAside(parts);
      bytes += aside.entry.bytes;
      const isFull = asides.length >= limit.messages || bytes > limit.bytes;
      if (isFull && asides.length > 0) return { asides, next: place };
      asides.push(aside);
      place = { device: aside.device, position: aside.entry.position };
    }
    more = read.more;
  }
  return { asides, next: null };
}

function parseAside(parts: readonly [Row, ...Row[]]): Aside {
  const [line] = parseLines(joinText(parts));
  if (line?.kind !== "entry") throw new Error("Cannot read the store: what is aside is no entry");
  return { device: asidePlace(parts[0].key).device, entry: line.entry };
}
