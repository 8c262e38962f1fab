/**
 * Where a backup goes: standard output, or a new file for its owner alone.
 *
 * @module
 */
import { dirname } from "node:path";
import { CommandError, messageOf } from "../exit.ts";

/** For the owner alone: it holds what people write. */
const FILE_MODE = 0o600;

/** What the file is called until it is whole. */
const PART = ".part";

/**
 * Bytes that may wait for the disk. What is handed to it all at once keeps it busy for long, and
 * then the commits of a server on that disk wait: for 0.3 s where half a gigabyte was written.
 */
const SYNC_BYTES = 4 * 1024 * 1024;

/** Takes a backup. Disposing of one that was not finished takes back what can be taken back. */
export interface BackupOutput extends AsyncDisposable {
  /** Writes all of some bytes, as fast as they are taken. @throws {CommandError} */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing follows. @throws {CommandError} it is not safely there. */
  finish(): Promise<void>;
}

/** Makes an output of a stream, such as standard output. */
export function streamOutput(stream: {
  write(bytes: Uint8Array): Promise<number>;
}): BackupOutput {
  return {
    write: (bytes) => writeAll(stream, bytes).catch((error) => fail("the backup", error)),
    finish: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Makes a file, which has its name only once it is whole and on the disk.
 *
 * @throws {CommandError} it exists already, or cannot be made.
 */
export async function fileOutput(path: string): Promise<BackupOutput> {
  const part = path + PART;
  await assertNew(path);
  const file = await makePart(part) ?? (await removeLeft(part), await makePart(part));
  if (file === null) throw taken(part);
  try {
    if (!await file.tryLock(true) || !await isAt(part, file)) throw taken(part);
  } catch (error) {
    file.close();
    throw error;
  }
  return new FileOutput(path, part, file);
}

/**
 * A new file of ours; null where something is there. Into what somebody else has put there, or made
 * a link to, nothing may be written: it would be theirs to read, or lost to its owner.
 */
async function makePart(part: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(part, { createNew: true, write: true, mode: FILE_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return null;
    return fail(`"${part}"`, error);
  }
}

/** Removes what a backup that was killed has left. @throws {CommandError} it is something else. */
async function removeLeft(part: string): Promise<void> {
  try {
    if (!(await Deno.lstat(part)).isFile) {
      throw new CommandError(`Cannot write "${part}": something else than a file is there`);
    }
    using left = await Deno.open(part);
    if (!await left.tryLock(true)) throw taken(part);
    await Deno.remove(part);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    fail(`"${part}"`, error);
  }
}

/** Whether a file is still there under its name: another backup may have taken it for left. */
async function isAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const [there, ours] = await Promise.all([statOf(path), file.stat()]);
  return there?.dev === ours.dev && there.ino === ours.ino;
}

function taken(part: string): CommandError {
  return new CommandError(`Another backup writes "${part}"`);
}

class FileOutput implements BackupOutput {
  readonly #path: string;
  readonly #part: string;
  readonly #file: Deno.FsFile;
  #unsynced = 0;
  #isFinished = false;

  constructor(path: string, part: string, file: Deno.FsFile) {
    this.#path = path;
    this.#part = part;
    this.#file = file;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, bytes);
      this.#unsynced += bytes.length;
      if (this.#unsynced < SYNC_BYTES) return;
      await this.#file.syncData();
      this.#unsynced = 0;
    } catch (error) {
      fail(`"${this.#part}"`, error);
    }
  }

  async finish(): Promise<void> {
    await assertNew(this.#path);
    try {
      await this.#file.sync();
      await Deno.rename(this.#part, this.#path);
      this.#isFinished = true;
      // The name is on disk when the directory is. A program that may only write the file itself
      // cannot see to that.
      using directory = await Deno.open(dirname(this.#path));
      await directory.sync();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotCapable)) fail(`"${this.#path}"`, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    if (!this.#isFinished) await Deno.remove(this.#part).catch(() => {});
  }
}

async function assertNew(path: string): Promise<void> {
  if (await statOf(path) === null) return;
  throw new CommandError(`Cannot write "${path}": it exists already`);
}

/** What is at a path, be it a link; null where nothing is. */
async function statOf(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    return fail(`"${path}"`, error);
  }
}

async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await writer.write(rest));
}

function fail(what: string, error: unknown): never {
  throw new CommandError(`Cannot write ${what}: ${reasonOf(error)}`);
}

function reasonOf(error: unknown): string {
  // `deno task` lets Titan write in the data directory alone.
  if (error instanceof Deno.errors.NotCapable) {
    return "Titan may not write there; give - for the file, and redirect the output with >";
  }
  if (error instanceof Deno.errors.BrokenPipe) return "nobody reads it any more";
  return messageOf(error);
}
