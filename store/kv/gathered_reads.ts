/**
 * Reads of single rows that many ask for at once.
 *
 * @module
 */
import { type Key, KEYS_READ_MAX, type Row } from "./database.ts";
import type { OwnedDatabase } from "./owned_database.ts";

/** A row that somebody waits for. */
interface Wanted {
  readonly key: Key;
  readonly resolve: (row: Row | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * While one read is under way, the next ones gather. A read costs the disk's thread and the event
 * loop a turn each, whether it is of one row or of ten.
 */
export class GatheredReads {
  readonly #database: Pick<OwnedDatabase, "read">;
  readonly #wanted: Wanted[] = [];
  #isReading = false;

  /** @param database where the rows are */
  constructor(database: Pick<OwnedDatabase, "read">) {
    this.#database = database;
  }

  /** The row of a key, as it is after this call; null where there is none. */
  get(key: Key): Promise<Row | null> {
    const { promise, resolve, reject } = Promise.withResolvers<Row | null>();
    this.#wanted.push({ key, resolve, reject });
    if (!this.#isReading) this.#read();
    return promise;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    // What this turn of the event loop still brings is read together.
    await null;
    while (this.#wanted.length > 0) {
      const wanted = this.#wanted.splice(0, KEYS_READ_MAX);
      try {
        const rows = await this.#database.read(wanted.map(({ key }) => key));
        for (const [index, { resolve }] of wanted.entries()) resolve(rows[index] ?? null);
      } catch (error) {
        for (const { reject } of wanted) reject(error);
      }
    }
    this.#isReading = false;
  }
}
