/**
 * Looking into the database of a server that does not run.
 *
 * @module
 */
import { join } from "node:path";
import type { Key, Row } from "../../store/kv/database.ts";
import { DenoDatabase } from "../../store/kv/deno_database.ts";

/** Rows read at once. */
const ROWS_READ_MAX = 500;

/** All keys whose first part is a name, in order. */
export async function keysOf(dataDir: string, name: string): Promise<readonly Key[]> {
  return (await rowsOf(dataDir, name)).map(({ key }) => key);
}

/** All rows whose key's first part is a name, in order. */
export async function rowsOf(dataDir: string, name: string): Promise<readonly Row[]> {
  const database = await DenoDatabase.open(join(dataDir, "titan.kv"));
  try {
    const all: Row[] = [];
    for (let start: Key = [name];;) {
      const rows = await database.list({ start, end: [name, Infinity] }, ROWS_READ_MAX);
      all.push(...rows);
      const last = rows.at(-1);
      if (last === undefined || rows.length < ROWS_READ_MAX) return all;
      // The key that follows: the same one and one part more.
      start = [...last.key, 0];
    }
  } finally {
    database.close();
  }
}
