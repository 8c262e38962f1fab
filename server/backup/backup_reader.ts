/**
 * Reading a backup, and trusting nothing in it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { StoredRow } from "../../store/mod.ts";
import {
  BackupError,
  type BackupHeader,
  checkEnd,
  HEADER_BYTES_MAX,
  KEY_BYTES_MAX,
  LENGTHS_BYTES,
  MAGIC,
  parseHeader,
  VALUE_BYTES_MAX,
} from "./backup_format.ts";

const NEW_LINE = 0x0a;

const keySchema = z.array(z.union([z.string(), z.number()]));

/** A backup that is read once. Disposing of it lets the file go. */
export class BackupReader implements AsyncDisposable {
  /** What it says of itself. */
  readonly header: BackupHeader;
  /** Rows that were read so far. */
  count = 0;
  readonly #input: Input;
  /** Of all before the end. */
  readonly #hash = createHash("sha256");

  private constructor(line: Uint8Array, input: Input) {
    this.header = parseHeader(new TextDecoder().decode(line));
    this.#hash.update(line);
    this.#input = input;
  }

  /** Reads the header. @param bytes of the file @throws {BackupError} it is no backup. */
  static async open(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<BackupReader> {
    const input = new Input(bytes.pipeThrough(new DecompressionStream("gzip")));
    try {
      return new BackupReader(await readLine(input), input);
    } catch (error) {
      await input.cancel();
      throw error;
    }
  }

  /**
   * All rows. Only when it comes to its end it is known that they are right, and all of them.
   *
   * @throws {BackupError} the file is damaged.
   */
  async *rows(): AsyncGenerator<StoredRow> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (;;) {
      const lengths = await this.#input.take(LENGTHS_BYTES);
      const view = new DataView(lengths.buffer, lengths.byteOffset);
      const [keyLength, valueLength] = [view.getUint32(0), view.getUint32(4)];
      if (keyLength > KEY_BYTES_MAX || valueLength > VALUE_BYTES_MAX) throw damaged();
      const key = await this.#input.take(keyLength);
      const value = await this.#input.take(valueLength);
      if (keyLength === 0) {
        checkEnd(textOf(decoder, value), this.count, this.#hash);
        return await this.#input.end();
      }
      for (const part of [lengths, key, value]) this.#hash.update(part);
      this.count++;
      yield { key: keyOf(textOf(decoder, key)), value };
    }
  }

  /** Lets the file go. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#input.cancel();
  }
}

function keyOf(text: string): StoredRow["key"] {
  try {
    return keySchema.parse(JSON.parse(text));
  } catch {
    throw damaged();
  }
}

function textOf(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw damaged();
  }
}

/** Reads up to the first line break. */
async function readLine(input: Input): Promise<Uint8Array> {
  const bytes: number[] = [];
  for (;;) {
    const [byte = NEW_LINE] = await input.take(1);
    bytes.push(byte);
    if (byte === NEW_LINE) return Uint8Array.from(bytes);
    if (bytes.length <= MAGIC.length && byte !== MAGIC.charCodeAt(bytes.length - 1)) {
      throw new BackupError("File is no backup of Titan's");
    }
    if (bytes.length > HEADER_BYTES_MAX) throw new BackupError("First line of the file is damaged");
  }
}

/** Bytes of a stream, taken in pieces. */
class Input {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #block: Uint8Array<ArrayBuffer> = new Uint8Array();
  #at = 0;

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.getReader();
  }

  /** Takes some bytes. @throws {BackupError} there are fewer. */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let have = 0; have < length;) {
      if (this.#at === this.#block.length && !await this.#next()) {
        throw new BackupError("File is cut off");
      }
      const part = this.#block.subarray(this.#at, this.#at + length - have);
      bytes.set(part, have);
      have += part.length;
      this.#at += part.length;
    }
    return bytes;
  }

  /** Lets the stream go, whatever is left of it. */
  async cancel(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }

  /** Expects that nothing follows. */
  async end(): Promise<void> {
    if (this.#at < this.#block.length || await this.#next()) throw damaged();
  }

  async #next(): Promise<boolean> {
    try {
      const { done, value } = await this.#reader.read();
      this.#block = value ?? new Uint8Array();
      this.#at = 0;
      return !done;
    } catch (error) {
      // What gzip finds is a TypeError; what the disk says is for whoever reads.
      const isGzip = error instanceof TypeError || !(error instanceof Error);
      const why = isGzip ? "File is cut off, damaged or no backup of Titan's" : error.message;
      throw new BackupError(why, { cause: error });
    }
  }
}

function damaged(): BackupError {
  return new BackupError("File is damaged");
}
