/**
 * The secret that signs tokens where the deployment sets none: made once, kept in a file.
 *
 * @module
 */
import { join } from "node:path";
import { base64url } from "jose";
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
 * Reads the secret of a data directory, and makes it where there is none. Of several processes that
 * start at once, all answer the same secret. When this resolves, the secret is on disk.
 *
 * The answer is the text of the file, without white space around it, as bytes: the same secret as
 * when `TITAN_JWT_SECRET` is set to that text.
 *
 * @param directory the data directory; it is made, for its owner alone, where it is missing
 * @throws {SecretFileError} the file or the directory cannot be made or read, holds no secret, or
 * may be read by others.
 */
export async function readOrMakeSecret(
  directory: string,
  random: RandomBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(directory, FILE_NAME);
  try {
    const found = await readSecret(path);
    if (found !== undefined) return found;
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    await makeSecret(directory, path, random);
    const made = await readSecret(path);
    if (made !== undefined) return made;
  } catch (cause) {
    if (cause instanceof SecretFileError) throw cause;
    throw new SecretFileError(`Cannot read or make the secret file "${path}": ${told(cause)}`, {
      cause,
    });
  }
  throw new SecretFileError(`Cannot read the secret file "${path}": it is gone again`);
}

/** The secret, or undefined where there is no file. */
async function readSecret(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { mode } = await Deno.stat(path);
    if (mode !== null && (mode & OTHERS) !== 0) throw openToOthers(path, mode);
    const text = (await Deno.readTextFile(path)).trim();
    if (text.length >= SECRET_CHARS) return new TextEncoder().encode(text);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  throw new SecretFileError(
    `Cannot use the secret file "${path}": it holds fewer than ${SECRET_CHARS} characters. ` +
      "Restore it, or remove it: then a new secret is made and all tokens end",
  );
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
