/**
 * Where a backup or an export goes: standard output, or a new file for its owner alone.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import { CommandError, messageOf } from "./exit.ts";

/** For the owner alone: it holds what people write. */
const FILE_MODE = 0o600;

/** What the file is called until it is whole. */
const PART = ".part";

/**
 * Bytes that may wait for the disk. What is handed to it all at once keeps it busy for long, and
 * then the commits of a server on that disk wait: for 0.3 s where half a gigabyte was written.
 */
const SYNC_BYTES = 4 * 1024 * 1024;

/** What goes out, in the words of whoever asked for it. */
export interface OutputWords {
  /** As in "Cannot write the backup". */
  readonly what: string;
  /** What to do where Titan may not write a file. */
  readonly hint: string;
}

/** Takes what goes out. Disposing of one that was not finished takes back what can be taken back. */
export interface Output extends AsyncDisposable {
  /** Writes all of some bytes, as fast as they are taken. @throws {CommandError} */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing follows. @throws {CommandError} it is not safely there. */
  finish(): Promise<void>;
}

/** What bytes can be written to, as `Deno.stdout`. */
export interface ByteWriter {
  /** Writes some of the bytes, and answers how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** How long a stream may take nothing. */
export interface Patience {
  readonly clock: Clock;
  /** In milliseconds. */
  readonly ms: number;
}

/**
 * Makes an output of a stream, such as standard output.
 *
 * @param patience for ever where it is left out
 */
export function streamOutput(
  stream: ByteWriter,
  { what, hint }: OutputWords,
  patience?: Patience,
): Output {
  const patient = patience === undefined ? stream : impatient(stream, patience);
  return {
    write: (bytes) => writeAll(patient, bytes).catch((error) => fail(what, hint, error)),
    finish: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Makes a file, which has its name only once it is whole and on the disk.
 *
 * @throws {CommandError} it exists already, or cannot be made.
 */
export async function fileOutput(path: string, { hint }: OutputWords): Promise<Output> {
  const part = path + PART;
  await assertNew(path, hint);
  const file = await makePart(part, hint) ??
    (await removeLeft(part, hint), await makePart(part, hint));
  if (file === null) throw taken(part);
  try {
    if (!await file.tryLock(true) || !await isAt(part, file, hint)) throw taken(part);
  } catch (error) {
    file.close();
    throw error;
  }
  return new FileOutput({ path, part, file, hint });
}

/**
 * A new file of ours; null where something is there. Into what somebody else has put there, or made
 * a link to, nothing may be written: it would be theirs to read, or lost to its owner.
 */
async function makePart(part: string, hint: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(part, { createNew: true, write: true, mode: FILE_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return null;
    return fail(`"${part}"`, hint, error);
  }
}

/** Removes what a command that was killed has left. @throws {CommandError} it is something else. */
async function removeLeft(part: string, hint: string): Promise<void> {
  try {
    if (!(await Deno.lstat(part)).isFile) {
      throw new CommandError(`Cannot write "${part}": something else than a file is there`);
    }
    using left = await Deno.open(part);
    if (!await left.tryLock(true)) throw taken(part);
    await Deno.remove(part);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    fail(`"${part}"`, hint, error);
  }
}

/** Whether a file is still there under its name: another command may have taken it for left. */
async function isAt(path: string, file: Deno.FsFile, hint: string): Promise<boolean> {
  const [there, ours] = await Promise.all([statOf(path, hint), file.stat()]);
  return there?.dev === ours.dev && there.ino === ours.ino;
}

function taken(part: string): CommandError {
  return new CommandError(`Another command writes "${part}"`);
}

/** A file that is made under another name. */
interface NewFile {
  readonly path: string;
  readonly part: string;
  readonly file: Deno.FsFile;
  readonly hint: string;
}

class FileOutput implements Output {
  readonly #new: NewFile;
  #unsynced = 0;
  #isFinished = false;

  constructor(newFile: NewFile) {
    this.#new = newFile;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { part, file, hint } = this.#new;
    try {
      await writeAll(file, bytes);
      this.#unsynced += bytes.length;
      if (this.#unsynced < SYNC_BYTES) return;
      await file.syncData();
      this.#unsynced = 0;
    } catch (error) {
      fail(`"${part}"`, hint, error);
    }
  }

  async finish(): Promise<void> {
    const { path, part, file, hint } = this.#new;
    await assertNew(path, hint);
    try {
      await file.sync();
      await Deno.rename(part, path);
      this.#isFinished = true;
      // The name is on disk when the directory is. A program that may only write the file itself
      // cannot see to that.
      using directory = await Deno.open(dirname(path));
      await directory.sync();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) fail(`"${path}"`, hint, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { part, file } = this.#new;
    file.close();
    // Where somebody else removed it, that is as good.
    if (!this.#isFinished) await Deno.remove(part).catch(() => {});
  }
}

async function assertNew(path: string, hint: string): Promise<void> {
  if (await statOf(path, hint) === null) return;
  throw new CommandError(`Cannot write "${path}": it exists already`);
}

/** What is at a path, be it a link; null where nothing is. */
async function statOf(path: string, hint: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    return fail(`"${path}"`, hint, error);
  }
}

/** Nobody reads. */
class StalledError extends Error {
  constructor(readonly seconds: number) {
    super(`Nobody read for ${seconds} s`);
  }
}

function impatient(stream: ByteWriter, { clock, ms }: Patience): ByteWriter {
  return {
    async write(bytes) {
      const late = Promise.withResolvers<never>();
      const cancel = clock.after(ms, () => {
        late.reject(new StalledError(ms / 1000));
      });
      try {
        return await Promise.race([stream.write(bytes), late.promise]);
      } finally {
        cancel();
      }
    },
  };
}

async function writeAll(writer: ByteWriter, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await writer.write(rest));
}

function fail(what: string, hint: string, error: unknown): never {
  throw new CommandError(`Cannot write ${what}: ${reasonOf(error, hint)}`);
}

function reasonOf(error: unknown, hint: string): string {
  // `deno task` lets Titan write in the data directory alone.
  if (error instanceof Deno.errors.NotCapable) {
    return `Titan may not write there; ${hint}, and redirect the output with >`;
  }
  if (error instanceof StalledError) return `nobody read it for ${error.seconds} s`;
  if (error instanceof Deno.errors.BrokenPipe) return "nobody reads it any more";
  return messageOf(error);
}
