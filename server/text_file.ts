/**
 * Files of text that the configuration names. What is in them is never told.
 *
 * @module
 */
import { CONFIG_FILE_BYTES_MAX } from "../limits.ts";

/** What a file holds, or why it cannot be had; the fault is a sentence without a capital. */
export type TextFile =
  /** `isPublic`: every user of the machine may read it. */
  | { readonly text: string; readonly isPublic: boolean }
  | { readonly fault: string };

/** The bit of a mode that lets everybody read. */
const OTHERS_READ = 0o004;

const NO_TEXT = "it is no file of text";

/** Reads a file of text. */
export function readTextFile(path: string): TextFile {
  try {
    const { isFile, mode, size } = Deno.statSync(path);
    // A pipe that nobody writes to would be waited for, and some devices have no end.
    if (!isFile) return { fault: NO_TEXT };
    if (size > CONFIG_FILE_BYTES_MAX) {
      return { fault: `it has more than ${CONFIG_FILE_BYTES_MAX} bytes` };
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
    return { text, isPublic: ((mode ?? 0) & OTHERS_READ) !== 0 };
  } catch (error) {
    return { fault: whyUnread(error) };
  }
}

/** Reads a file that holds one value; the line break that editors leave at its end is no part. */
export function readValueFile(path: string): TextFile {
  const file = readTextFile(path);
  if ("fault" in file) return file;
  const text = file.text.replace(/\r?\n$/, "");
  return text.trim() === "" ? { fault: "it is empty" } : { ...file, text };
}

/** Why a file could not be read, as a sentence without a capital, and without its path. */
export function whyUnread(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not given the permission: start it with --allow-read=PATH, or by deno task " +
      "with TITAN_CONFIG in place of --config, or put the file into the data directory";
  }
  if (error instanceof Deno.errors.PermissionDenied) return "the file's mode does not allow it";
  return NO_TEXT;
}
