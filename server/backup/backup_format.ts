/**
 * What is in a backup: a gzip stream of one line of JSON, the {@linkcode BackupHeader}; of rows; and
 * of an end, which says how many rows there are and what all before it hashes to. So a file that is
 * cut off, or changed anywhere, is known.
 *
 * A row is the length of its key and of its value (32 bits each, big-endian), the key as a JSON list
 * of strings and numbers, and the value. The end has a key of no bytes, and JSON for its value.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { z } from "zod";
import type { StoredRow } from "../../store/mod.ts";

/** What a header begins with: anything else is no backup. */
export const MAGIC = '{"titan":"backup",';

/** Bytes of a header, at most. */
export const HEADER_BYTES_MAX = 64 * 1024;

/** Bytes of a key and of a value, at most: no store has longer ones. */
export const KEY_BYTES_MAX = 16 * 1024;
export const VALUE_BYTES_MAX = 1024 * 1024;

/** Bytes of the two lengths in front of a row. */
export const LENGTHS_BYTES = 8;

/** The form that is written, and the only one that is read. */
const FORMAT = 1;

/** Bytes that are handed on at once. */
const BLOCK_BYTES = 256 * 1024;

/** What a backup says of itself. */
export interface BackupHeader {
  /** The version of Titan that made it. */
  readonly version: string;
  /** What was acknowledged by then is in it: milliseconds since 1970. */
  readonly taken: number;
  /** The text of the secret file, where it was asked for. */
  readonly secret?: string;
}

/** A file is no backup, or not a whole one. The message says what is wrong with it. */
export class BackupError extends Error {
  /** The name of the class. */
  override readonly name = "BackupError";
}

const form = z.object({ titan: z.literal("backup"), format: z.int(), version: z.string() });

const header = form.extend({ taken: z.int(), secret: z.exactOptional(z.string()) });

const end = z.object({ rows: z.int(), sha256: z.string() });

/** The first line. */
export function headerLine(told: BackupHeader): string {
  const { version, taken, secret } = told;
  const optional = secret === undefined ? {} : { secret };
  return `${JSON.stringify({ titan: "backup", format: FORMAT, version, taken, ...optional })}\n`;
}

/** Reads the first line. @throws {BackupError} it is none, or of a form that is not known here. */
export function parseHeader(line: string): BackupHeader {
  const value = parseJson(line);
  const known = form.safeParse(value);
  if (!known.success) throw new BackupError("File is no backup of Titan's");
  const { format, version } = known.data;
  if (format !== FORMAT) {
    throw new BackupError(`Format ${format} is not known here: Titan ${version} made it`);
  }
  const parsed = header.safeParse(value);
  if (!parsed.success) throw new BackupError("First line of the file is damaged");
  const { taken, secret } = parsed.data;
  return { version, taken, ...(secret === undefined ? {} : { secret }) };
}

/** Reads the end. @throws {BackupError} it does not fit what came before it. */
export function checkEnd(text: string, rows: number, hash: Hash): void {
  const parsed = end.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.rows !== rows || parsed.data.sha256 !== hash.digest("hex")) {
    throw new BackupError("File is damaged: its checksum does not fit");
  }
}

/** The bytes of a backup, uncompressed. @param note called with rows that were packed */
export async function* packBackup(
  told: BackupHeader,
  rows: Iterable<StoredRow> | AsyncIterable<StoredRow>,
  note: (rows: number) => void = () => {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const hash = createHash("sha256");
  let parts: Uint8Array[] = [encoder.encode(headerLine(told))];
  let [bytes, count] = [0, 0];
  for await (const { key, value } of rows) {
    const name = encoder.encode(JSON.stringify(key));
    parts.push(lengths(name.length, value.length), name, value);
    bytes += LENGTHS_BYTES + name.length + value.length;
    count++;
    if (bytes < BLOCK_BYTES) continue;
    yield hashed(hash, parts);
    parts = [];
    bytes = 0;
    note(count);
  }
  yield hashed(hash, parts);
  const last = encoder.encode(JSON.stringify({ rows: count, sha256: hash.digest("hex") }));
  yield joined([lengths(0, last.length), last]);
}

function lengths(key: number, value: number): Uint8Array {
  const bytes = new Uint8Array(LENGTHS_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, key);
  view.setUint32(4, value);
  return bytes;
}

function hashed(hash: Hash, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = joined(parts);
  hash.update(bytes);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
