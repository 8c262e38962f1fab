/**
 * The data directory: everything Titan keeps, owned by one process at a time.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { join, relative, resolve } from "node:path";

/** Locked as long as its owner lives; holds the owner's process id. */
const LOCK_NAME = "titan.lock";

/** The database of the embedded store. */
const DATABASE_NAME = "titan.kv";

/** Where the owner listens to commands of the operator. */
const SOCKET_NAME = "operator.sock";

/** The longest path of a socket, in bytes: macOS has the shortest `sun_path`, 104 with its end. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Directories are for their owner alone, and so are files: they hold what people write. */
const DIRECTORY_MODE = 0o700;
const FILE_MODE = 0o600;

/** The longest process id that is read from a lock. */
const PID_CHARS_MAX = 10;

/** The data directory cannot be used. The message says which and why. */
export class DataDirError extends Error {
  /** The name of the class. */
  override readonly name: string = "DataDirError";
}

/** Another process owns the data directory. */
export class DataDirTakenError extends DataDirError {
  /** The name of the class. */
  override readonly name = "DataDirTakenError";
  /** The owner's process id, where it could be read. */
  readonly pid: number | undefined;

  /** Makes the error for a directory. */
  constructor(path: string, pid: number | undefined) {
    const owner = pid === undefined ? "another process" : `process ${pid}`;
    super(`Cannot use the data directory "${path}": ${owner} uses it`);
    this.pid = pid;
  }
}

/** A data directory that this process owns. Disposing of it lets others have it. */
export class DataDir implements Disposable {
  /** The absolute path. */
  readonly path: string;
  readonly #lock: Deno.FsFile;

  private constructor(path: string, lock: Deno.FsFile) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Makes the directory where it is missing, and takes it over. The operating system holds the
   * lock and lets go of it when the process ends, however it ends.
   *
   * @param path absolute, or from the current directory
   * @throws {DataDirTakenError} another process owns it.
   * @throws {DataDirError} it cannot be made or written.
   */
  static async open(path: string): Promise<DataDir> {
    const absolute = resolve(path);
    try {
      await Deno.mkdir(absolute, { recursive: true, mode: DIRECTORY_MODE });
      const options = { create: true, read: true, write: true, mode: FILE_MODE };
      const lock = await Deno.open(join(absolute, LOCK_NAME), options);
      try {
        if (!await lock.tryLock(true)) throw new DataDirTakenError(path, await readPid(lock));
        await writePid(lock);
        return new DataDir(absolute, lock);
      } catch (error) {
        lock.close();
        throw error;
      }
    } catch (cause) {
      if (cause instanceof DataDirError) throw cause;
      throw new DataDirError(`Cannot use the data directory "${path}": ${told(cause)}`, { cause });
    }
  }

  /**
   * Where the database is. It is made, empty, where it is missing: SQLite gives the files beside it
   * the mode it has, and the mode of a new one would let others read it.
   *
   * @throws {DataDirError} it cannot be made.
   */
  async database(): Promise<string> {
    const path = databasePathOf(this.path);
    try {
      (await Deno.open(path, { create: true, append: true, mode: FILE_MODE })).close();
      return path;
    } catch (cause) {
      throw new DataDirError(`Cannot make the database "${path}": ${told(cause)}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.#lock.close();
  }
}

/** Whether there is a data directory at a path. */
export async function dataDirExists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    return false;
  }
}

/** Where the database of a data directory is, whether it is there or not. */
export function databasePathOf(path: string): string {
  return join(resolve(path), DATABASE_NAME);
}

/**
 * Where the owner of a data directory listens to the operator. The path of a socket has to be
 * short, so it is written from the current directory where that is shorter.
 *
 * @param path of the data directory
 * @returns null where every way to write it is too long
 */
export function socketPathOf(path: string): string | null {
  const absolute = join(resolve(path), SOCKET_NAME);
  const fromHere = relative("", absolute);
  const shorter = fromHere.length < absolute.length ? fromHere : absolute;
  return Buffer.byteLength(shorter) > SOCKET_PATH_BYTES_MAX ? null : shorter;
}

/** What the lock says of its owner, who may just be writing it. */
async function readPid(lock: Deno.FsFile): Promise<number | undefined> {
  const buffer = new Uint8Array(PID_CHARS_MAX);
  const length = await lock.read(buffer) ?? 0;
  const text = new TextDecoder().decode(buffer.subarray(0, length)).trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

async function writePid(lock: Deno.FsFile): Promise<void> {
  await lock.truncate();
  await lock.write(new TextEncoder().encode(`${Deno.pid}\n`));
}

/** What the system says of a failure; its messages name files and never hold what is in them. */
function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
