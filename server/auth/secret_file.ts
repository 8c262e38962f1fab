/**
 * The secrets that sign and verify tokens where the deployment sets none: one is made once and kept
 * in a file, to which the operator may add others.
 *
 * @module
 */
import { join } from "node:path";
import { base64url } from "jose";
import { SIGNATURE_KEYS_MAX } from "../../limits.ts";
import type { RandomBytes } from "../clock.ts";

/** The name of the file in the data directory. */
const FILE_NAME = "jwt.secret";

/** Random bytes in a new secret: as many as the hash it keys has (RFC 7518 §3.2). */
const SECRET_BYTES = 32;

/** The characters that those bytes take in base64url without padding. */
const SECRET_CHARS = 43;

/** Random bytes in the name of a temporary file, so that two processes do not meet. */
const SUFFIX_BYTES = 8;

/** The mode bits by which others than the owner may do something. */
const OTHERS = 0o077;

/** The secret file cannot be made, read or trusted. The message says what to do. */
export class SecretFileError extends Error {
  /** The name of the class. */
  override readonly name = "SecretFileError";
}

/**
 * Reads the secrets of a data directory, one a line, and makes one where there is none. Of several
 * processes that start at once, all answer the same. When this resolves, they are on disk.
 *
 * The answer is the text of each line, without white space around it, as bytes. The secret that is
 * made has no comma, so that it is the same as when `TITAN_JWT_SECRET` is set to that text.
 *
 * @param directory the data directory; it is made, for its owner alone, where it is missing
 * @throws {SecretFileError} the file or the directory cannot be made or read, holds a line that is
 * no secret, or may be read by others.
 */
export async function readOrMakeSecrets(
  directory: string,
  random: RandomBytes,
): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const path = join(directory, FILE_NAME);
  try {
    const found = await readSecrets(path);
    if (found !== undefined) return found;
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    await makeSecret(directory, path, random);
    const made = await readSecrets(path);
    if (made !== undefined) return made;
  } catch (cause) {
    if (cause instanceof SecretFileError) throw cause;
    throw new SecretFileError(`Cannot read or make the secret file "${path}": ${told(cause)}`, {
      cause,
    });
  }
  throw new SecretFileError(`Cannot read the secret file "${path}": it is gone again`);
}

/**
 * Looks at the secrets of a data directory and makes nothing.
 *
 * @returns why they cannot be used; null where they can, or where there are none yet
 */
export async function secretsProblem(directory: string): Promise<string | null> {
  try {
    await secretTextOf(directory);
    return null;
  } catch (error) {
    return told(error);
  }
}

/**
 * The text of the secret file of a data directory, for a backup; undefined where there is none.
 *
 * @throws {SecretFileError} as {@linkcode readOrMakeSecrets}
 */
export async function secretTextOf(directory: string): Promise<string | undefined> {
  const path = join(directory, FILE_NAME);
  try {
    return await readSecrets(path) && await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof SecretFileError) throw cause;
    throw new SecretFileError(`Cannot read the secret file "${path}": ${told(cause)}`, { cause });
  }
}

/**
 * Puts the text of a secret file into a data directory, in place of the one that may be there.
 *
 * @throws {SecretFileError} it cannot be written.
 */
export async function writeSecretText(directory: string, text: string): Promise<void> {
  const path = join(directory, FILE_NAME);
  const temporary = `${path}.restored.tmp`;
  try {
    await Deno.remove(temporary).catch(() => {});
    await writeSynced(temporary, text);
    await Deno.rename(temporary, path);
    await sync(directory);
  } catch (cause) {
    throw new SecretFileError(`Cannot write the secret file "${path}": ${told(cause)}`, { cause });
  }
}

/** The secrets, or undefined where there is no file. */
async function readSecrets(path: string): Promise<readonly Uint8Array<ArrayBuffer>[] | undefined> {
  try {
    const { mode } = await Deno.stat(path);
    if (mode !== null && (mode & OTHERS) !== 0) throw openToOthers(path, mode);
    const lines = (await Deno.readTextFile(path)).trim().split("\n").map((line) => line.trim());
    assertSecrets(path, lines);
    return lines.map((line) => new TextEncoder().encode(line));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A line that is too short was cut off, or is no secret: nobody means to sign with it. */
function assertSecrets(path: string, lines: readonly string[]): void {
  if (lines.some((line) => line.length < SECRET_CHARS)) {
    throw new SecretFileError(
      `Cannot use the secret file "${path}": a line holds fewer than ${SECRET_CHARS} characters. ` +
        "Restore it, or remove the file: then a new secret is made and all tokens end",
    );
  }
  if (lines.length > SIGNATURE_KEYS_MAX) {
    throw new SecretFileError(
      `Cannot use the secret file "${path}": it holds ${lines.length} lines. ` +
        `Remove the last ones, so that at most ${SIGNATURE_KEYS_MAX} are left`,
    );
  }
}

function openToOthers(path: string, mode: number): SecretFileError {
  const bits = (mode & 0o777).toString(8).padStart(3, "0");
  return new SecretFileError(
    `Cannot trust the secret file "${path}": its mode is ${bits}, so others may use it. ` +
      `Make it 600, and remove it first where somebody may have read it`,
  );
}

/** Puts a new secret under its name, complete and synced, unless somebody else was faster. */
async function makeSecret(directory: string, path: string, random: RandomBytes): Promise<void> {
  const suffix = base64url.encode(random(new Uint8Array(SUFFIX_BYTES)));
  const temporary = `${path}.${suffix}.tmp`;
  try {
    await writeSynced(temporary, base64url.encode(random(new Uint8Array(SECRET_BYTES))) + "\n");
    // Unlike a rename, a link never replaces the secret that another process has just made.
    await Deno.link(temporary, path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
  // The name is on disk when the directory is.
  await sync(directory);
}

async function writeSynced(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  await sync(path);
}

/** Puts a file, or the names in a directory, on the disk. */
async function sync(path: string): Promise<void> {
  using opened = await Deno.open(path);
  await opened.sync();
}

/** What the system says of a failure; its messages name files and never hold what is in them. */
function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
