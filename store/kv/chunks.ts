/**
 * Settled entries: rows of the database that hold many entries of one mailbox each.
 *
 * @module
 */
import type { Position } from "../store.ts";
import { type Row, VALUE_BYTES_MAX, type Write } from "./database.ts";
import { chunkKey, chunkLast, chunksRange } from "./keys.ts";
import { entryLine, parseLines, type StoredEntry } from "./lines.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { joinText, textWrites } from "./values.ts";

/** Entries of one mailbox that are one row. */
export interface Chunk {
  /** The position in its key: of the last entry when it was written. */
  readonly last: Position;
  readonly parts: number;
  readonly entries: readonly StoredEntry[];
}

/** Some chunks, in order, and whether there are more behind them. */
export interface Chunks {
  readonly chunks: readonly Chunk[];
  readonly more: boolean;
}

/** Rows read at once: at most 1 MiB. */
const ROWS_READ_MAX = 16;

/** UTF-8 bytes of one chunk; past it the next one begins. A longer entry is a chunk alone. */
const CHUNK_BYTES_MAX = VALUE_BYTES_MAX - 1024;

/** Bytes of an entry's line beside its body, at most. */
const LINE_BYTES_MAX = 1024;

/** Reads the next chunks of a mailbox that reach past a position. */
export async function readChunks(
  database: OwnedDatabase,
  user: string,
  after: Position,
): Promise<Chunks> {
  const rows = await database.list(chunksRange(user, after), ROWS_READ_MAX);
  const groups = groupParts(rows);
  const more = rows.length === ROWS_READ_MAX;
  // The parts of the last one may go on past what was read; one entry has fewer parts than that.
  if (more && groups.length > 1) groups.pop();
  return { chunks: groups.map(parseChunk), more };
}

/** Cuts entries, in order, into what fits in one chunk each. */
export function* cutChunks(entries: readonly StoredEntry[]): Generator<readonly StoredEntry[]> {
  let start = 0;
  let bytes = 0;
  for (const [index, entry] of entries.entries()) {
    const size = entry.bytes + LINE_BYTES_MAX;
    if (index > start && bytes + size > CHUNK_BYTES_MAX) {
      yield entries.slice(start, index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (start < entries.length) yield entries.slice(start);
}

/** The writes that make a chunk. */
export function chunkWrites(
  user: string,
  last: Position,
  entries: readonly StoredEntry[],
): Write[] {
  return textWrites(entries.map(entryLine).join(""), (part) => chunkKey(user, last, part));
}

/** The writes that delete a chunk. */
export function chunkDeletes(user: string, chunk: Chunk): Write[] {
  const parts = Array.from({ length: chunk.parts }, (_, part) => part);
  return parts.map((part) => ({ key: chunkKey(user, chunk.last, part), value: null }));
}

function groupParts(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    if (group?.[0] !== undefined && chunkLast(group[0].key) === chunkLast(row.key)) group.push(row);
    else groups.push([row]);
  }
  return groups;
}

function parseChunk(parts: readonly Row[]): Chunk {
  const entries: StoredEntry[] = [];
  for (const line of parseLines(joinText(parts))) {
    if (line.kind === "entry") entries.push(line.entry);
  }
  const [first] = parts;
  return { last: first === undefined ? 0 : chunkLast(first.key), parts: parts.length, entries };
}
