/**
 * `titan restore`: makes a data directory of a backup.
 *
 * @module
 */
import { dirname } from "node:path";
import type { StoredRow, StoreFiles } from "../../../store/mod.ts";
import { secretsProblem, secretTextOf, writeSecretText } from "../../auth/mod.ts";
import { BackupError, BackupReader } from "../../backup/mod.ts";
import { DataDir, DataDirTakenError } from "../../data_dir.ts";
import { CommandError, messageOf, tell } from "../exit.ts";
import { printableLine } from "../printable.ts";
import type { Program } from "../program.ts";
import { LongWork } from "./long_work.ts";
import { assertFiles } from "./open_snapshot.ts";

/** What the database is called until it is whole. */
const PART = ".restored";

/** What SQLite may have left beside it. */
const LEFTOVERS = ["", "-wal", "-shm", "-journal"];

const FILE_MODE = 0o600;

/** What `titan restore` is asked for. */
export interface RestoreOptions {
  /** Replace what is there. @default {false} */
  readonly force?: boolean;
  /** Print JSON. @default {false} */
  readonly json?: boolean;
}

/** A restore under way. */
interface Restore {
  readonly path: string;
  readonly reader: BackupReader;
  readonly dir: DataDir;
  readonly force: boolean;
  readonly work: LongWork;
}

/**
 * Restores a backup. Nothing of the data directory is changed before the whole file was read and
 * found to be right.
 *
 * @param path of the file; `-` for standard input
 * @throws {CommandError} the file is not a whole backup, or the directory holds something.
 * @throws {DataDirTakenError} a server uses the directory.
 */
export async function restore(
  program: Program,
  path: string,
  { force = false, json = false }: RestoreOptions,
): Promise<void> {
  const config = program.config();
  assertFiles(config);
  const bytes = path === "-" ? Deno.stdin.readable : await open(path);
  const name = path === "-" ? "standard input" : `"${path}"`;
  try {
    await using reader = await BackupReader.open(bytes);
    using dir = await openDir(config.dataDir);
    using work = new LongWork(program);
    const files = await program.loadStoreFiles();
    await restoreInto(files, { path: await dir.database(), reader, dir, force, work });
    await report(config.jwtSecrets !== undefined, dir, reader, json);
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    throw new CommandError(`Cannot restore ${name}: ${error.message}`);
  }
}

async function restoreInto(files: StoreFiles, restore: Restore): Promise<void> {
  const { path, reader, dir, force } = restore;
  const { secret } = reader.header;
  if (!force) await assertNothingLost(files, restore);
  const part = path + PART;
  await removeLeftovers(part);
  try {
    await Deno.writeFile(part, new Uint8Array(), { createNew: true, mode: FILE_MODE });
    await files.fill(part, noted(restore));
    if (secret !== undefined) await writeSecretText(dir.path, secret);
    await files.replace(path, part);
    using directory = await Deno.open(dirname(path));
    await directory.sync();
  } finally {
    await removeLeftovers(part);
  }
}

/** @throws {CommandError} something would be replaced. */
async function assertNothingLost(
  files: StoreFiles,
  { path, reader, dir }: Restore,
): Promise<void> {
  if (await files.isThere(path)) {
    throw new CommandError(`There is a database in "${dir.path}" already: --force replaces it`);
  }
  const { secret } = reader.header;
  const present = secret === undefined ? undefined : await secretTextOf(dir.path);
  if (present !== undefined && present !== secret) {
    throw new CommandError(`Another secret is in "${dir.path}" already: --force replaces it`);
  }
}

async function* noted({ reader, work }: Restore): AsyncGenerator<StoredRow> {
  for await (const row of reader.rows()) {
    yield row;
    work.note(reader.count);
  }
}

async function report(
  isSecretSet: boolean,
  dir: DataDir,
  { header, count }: BackupReader,
  json: boolean,
): Promise<void> {
  const taken = new Date(header.taken).toISOString();
  const problem = isSecretSet ? null : await problemOfSecret(dir.path);
  if (problem !== null) tell([problem]);
  console.log(
    json
      ? JSON.stringify({ taken, version: header.version, rows: count, path: dir.path })
      : `Restored ${printableLine(dir.path)} as it was at ${taken}: ${count} rows`,
  );
}

/** Why the server will not sign with the secrets that tokens have; null where it will. */
async function problemOfSecret(directory: string): Promise<string | null> {
  const problem = await secretsProblem(directory);
  if (problem !== null || await secretTextOf(directory) !== undefined) return problem;
  return "There is no jwt.secret: put the one of the old server there before you start this one, " +
    "or all tokens end and everybody has to sign in again";
}

async function open(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  try {
    return (await Deno.open(path)).readable;
  } catch (error) {
    const reason = error instanceof Deno.errors.NotCapable
      ? "Titan may not read it there; give - for the file, and redirect the input with <"
      : messageOf(error);
    throw new CommandError(`Cannot read "${path}": ${reason}`);
  }
}

async function openDir(path: string): Promise<DataDir> {
  try {
    return await DataDir.open(path);
  } catch (error) {
    if (!(error instanceof DataDirTakenError)) throw error;
    throw new CommandError(`${error.message}. Stop it first`);
  }
}

async function removeLeftovers(part: string): Promise<void> {
  for (const end of LEFTOVERS) {
    await Deno.remove(part + end).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
}
