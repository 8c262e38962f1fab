/**
 * `titan backup`: copies everything that a server keeps, while it serves.
 *
 * The command reads the database itself, as of one moment, and asks the server nothing: SQLite lets
 * a reader in another process see one moment, and lets nobody wait for it. So the server has no work
 * with it, and whatever goes wrong here does not touch it.
 *
 * @module
 */
import { packBackup } from "../../backup/mod.ts";
import { secretTextOf } from "../../auth/mod.ts";
import type { Config } from "../../config.ts";
import { CommandError, tell } from "../exit.ts";
import { fileOutput, type Output, streamOutput } from "../output.ts";
import { printableLine } from "../printable.ts";
import type { Program } from "../program.ts";
import { sizeOf } from "../table.ts";
import { giveWay, LongWork } from "./long_work.ts";
import { openSnapshot } from "./open_snapshot.ts";

/** The file that stands for standard input or output. */
const STANDARD = "-";

/**
 * How long nobody may read a backup on standard output, in milliseconds: enough to type a
 * passphrase. The log beside the database grows meanwhile, by gigabytes under full load.
 */
const STALL_MS_MAX = 5 * 60_000;

/** What cannot be written, and what to do about it. */
const WORDS = { what: "the backup", hint: "give - for the file" };

/** What `titan backup` is asked for. */
export interface BackupOptions {
  /** Put the secret that signs tokens in, too. @default {false} */
  readonly withSecret?: boolean;
  /** Print JSON. @default {false} */
  readonly json?: boolean;
}

/** What a backup came to. */
interface Backup {
  readonly taken: string;
  readonly rows: number;
  /** Of the file. */
  readonly bytes: number;
  readonly secret: boolean;
}

/**
 * Makes a backup.
 *
 * @param path of the file; `-` for standard output
 * @throws {CommandError} there is nothing to copy, or it cannot be written.
 */
export async function backup(
  program: Program,
  path: string,
  { withSecret = false, json = false }: BackupOptions,
): Promise<void> {
  const config = program.config();
  const isStream = path === STANDARD;
  if (isStream && Deno.stdout.isTerminal()) {
    throw new CommandError("A backup is nothing for a terminal: redirect it with > or |");
  }
  giveWay();
  const secret = withSecret ? await readSecret(config) : undefined;
  const told = await copy(program, config, path, secret);
  if (secret === undefined && config.jwtSecrets === undefined) {
    tell(["The secret in jwt.secret is not in the backup: keep a copy of it in another place"]);
  }
  const say = isStream ? console.error : console.log;
  const where = isStream ? "" : ` to ${printableLine(path)}`;
  say(
    json
      ? JSON.stringify(told)
      : `Backed up what was there at ${told.taken}${where}: ${told.rows} rows, ${
        sizeOf(told.bytes)
      }`,
  );
}

async function copy(
  program: Program,
  config: Config,
  path: string,
  secret: string | undefined,
): Promise<Backup> {
  // What was acknowledged by now is on disk, and so in the moment that is taken after.
  const taken = program.clock.now();
  using snapshot = await openSnapshot(program, config);
  using work = new LongWork(program);
  await using output = path === STANDARD
    ? streamOutput(Deno.stdout, WORDS, { clock: program.clock, ms: STALL_MS_MAX })
    : await fileOutput(path, WORDS);
  const { version } = program;
  const header = { version, taken, ...(secret === undefined ? {} : { secret }) };
  let rows = 0;
  const counted = function* () {
    for (const row of snapshot.rows()) {
      rows++;
      yield row;
    }
  };
  const blocks = packBackup(header, counted(), (count) => work.note(count, snapshot.count));
  const bytes = await writeCompressed(ReadableStream.from(blocks), output)
    .finally(() => snapshot.release());
  await output.finish();
  return {
    taken: new Date(taken).toISOString(),
    rows,
    bytes,
    secret: secret !== undefined,
  };
}

/** Writes a stream compressed. @returns how many bytes that took */
async function writeCompressed(
  blocks: ReadableStream<Uint8Array<ArrayBuffer>>,
  output: Output,
): Promise<number> {
  let bytes = 0;
  for await (const block of blocks.pipeThrough(new CompressionStream("gzip"))) {
    await output.write(block);
    bytes += block.length;
  }
  return bytes;
}

async function readSecret({ dataDir, jwtSecrets }: Config): Promise<string> {
  if (jwtSecrets !== undefined) {
    throw new CommandError("TITAN_JWT_SECRET is set: its secret is not in the data directory");
  }
  const text = await secretTextOf(dataDir);
  if (text !== undefined) return text;
  throw new CommandError(`There is no secret in the data directory "${dataDir}" yet`);
}
