/**
 * Where an export goes: standard output, or a new file for its owner alone.
 *
 * @module
 */
import { CommandError, messageOf } from "./exit.ts";

/** For the owner alone: it holds what people write. */
const FILE_MODE = 0o600;

/** Takes an export. Disposing of one that was not finished takes back what can be taken back. */
export interface ExportOutput extends AsyncDisposable {
  /** Writes all of a text, as fast as it is taken. @throws {CommandError} it cannot be written. */
  write(text: string): Promise<void>;
  /** Says that nothing follows. @throws {CommandError} it is not safely there. */
  finish(): Promise<void>;
}

/** What bytes can be written to, as `Deno.stdout`. */
export interface ByteWriter {
  /** Writes some of the bytes, and answers how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Makes an output of a stream, such as standard output. */
export function streamOutput(stream: ByteWriter): ExportOutput {
  return {
    async write(text) {
      await writeAll(stream, text).catch((error) => fail("the export", error));
    },
    finish: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Makes a file. Where it is not finished, it goes again: nobody should take a part for the whole.
 *
 * @throws {CommandError} it exists already, or cannot be made.
 */
export async function fileOutput(path: string): Promise<ExportOutput> {
  const options = { createNew: true, write: true, mode: FILE_MODE };
  const file = await Deno.open(path, options).catch((error) => fail(`"${path}"`, error));
  let isFinished = false;
  return {
    async write(text) {
      await writeAll(file, text).catch((error) => fail(`"${path}"`, error));
    },
    async finish() {
      await file.sync().catch((error) => fail(`"${path}"`, error));
      isFinished = true;
    },
    async [Symbol.asyncDispose]() {
      file.close();
      // Where somebody else removed it, that is as good.
      if (!isFinished) await Deno.remove(path).catch(() => {});
    },
  };
}

async function writeAll(writer: ByteWriter, text: string): Promise<void> {
  let rest = new TextEncoder().encode(text);
  while (rest.length > 0) rest = rest.subarray(await writer.write(rest));
}

function fail(what: string, error: unknown): never {
  throw new CommandError(`Cannot write ${what}: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.AlreadyExists) return "it exists already";
  // `deno task` lets Titan write in the data directory alone.
  if (error instanceof Deno.errors.NotCapable) {
    return "Titan may not write there; leave --output out, and redirect the output with >";
  }
  if (error instanceof Deno.errors.BrokenPipe) return "nobody reads it any more";
  return messageOf(error);
}
