/**
 * Settled entries: rows of the database that hold many entries of one mailbox each.
 *
 * @module
 */
import type { Position } from "../store.ts";
import { type ListsRows, type Row, VALUE_BYTES_MAX, type Write } from "./database.ts";
import { chunkKey, chunkLast, chunksRange } from "./keys.ts";
import { entryLine, parseLines, type StoredEntry } from "./lines.ts";
import { joinText, readTexts, textWrites } from "./values.ts";

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

/** UTF-8 bytes of one chunk; past it the next one begins. A longer entry is a chunk alone. */
const CHUNK_BYTES_MAX = VALUE_BYTES_MAX - 1024;

/** Bytes of an entry's line beside its body, at most. */
const LINE_BYTES_MAX = 1024;

/** Reads the next chunks of a mailbox that reach past a position. */
export async function readChunks(
  database: ListsRows,
  user: string,
  after: Position,
): Promise<Chunks> {
  const { texts, more } = await readTexts(database, chunksRange(user, after));
  return { chunks: texts.map(parseChunk), more };
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

function parseChunk(parts: readonly [Row, ...Row[]]): Chunk {
  const entries: StoredEntry[] = [];
  for (const line of parseLines(joinText(parts))) {
    if (line.kind === "entry") entries.push(line.entry);
  }
  return { last: chunkLast(parts[0].key), parts: parts.length, entries };
}
