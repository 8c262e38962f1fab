/**
 * Archives that are the same wherever and whenever they are made: names in order, one time, no owner.
 *
 * @module
 */

/** A file of an archive. */
export interface TarFile {
  /** Its path in the archive, with slashes: at most 100 bytes. */
  readonly path: string;
  /** What it holds. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is a program. @default {false} */
  readonly isProgram?: boolean;
}

/** All that an archive is cut into (POSIX.1-1988, "ustar"), in bytes. */
const BLOCK_BYTES = 512;

const PATH_BYTES_MAX = 100;

/** What a size of eleven octal digits can say. */
const FILE_BYTES_MAX = 8 ** 11 - 1;

/** The time of every file, in seconds since 1970: 1980-01-01, the first that all tools take. */
const FILE_TIME = 315_532_800;

/**
 * Makes an archive, compressed by gzip.
 *
 * @throws {RangeError} a path is too long, or a file too large
 */
export function packTar(files: readonly TarFile[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const sorted = [...files].sort((a, b) => a.path < b.path ? -1 : 1);
  return ReadableStream.from(blocksOf(sorted)).pipeThrough(new CompressionStream("gzip"));
}

function* blocksOf(files: readonly TarFile[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const file of files) {
    yield headerOf(file);
    yield file.bytes;
    yield new Uint8Array(-file.bytes.length & (BLOCK_BYTES - 1));
  }
  // Two empty blocks say that nothing follows.
  yield new Uint8Array(2 * BLOCK_BYTES);
}

function headerOf({ path, bytes, isProgram = false }: TarFile): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const name = encoder.encode(path);
  if (name.length > PATH_BYTES_MAX) throw new RangeError(`Path in an archive is too long: ${path}`);
  if (bytes.length > FILE_BYTES_MAX) throw new RangeError(`File is too large: ${path}`);
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (text: string, at: number) => header.set(encoder.encode(text), at);
  header.set(name);
  put(octal(isProgram ? 0o755 : 0o644, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(bytes.length, 11), 124);
  put(octal(FILE_TIME, 11), 136);
  // The sum counts itself as eight spaces.
  put(" ".repeat(8), 148);
  put("0", 156);
  put("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
