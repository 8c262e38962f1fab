/**
 * How a command ends: exit codes, and one line that says why.
 *
 * @module
 */
import { StoreBusyError, StoreUnavailableError } from "../../store/mod.ts";
import { ConfigError } from "../config.ts";
import { DataDirError } from "../data_dir.ts";
import { OperatorError } from "../operator_client.ts";
import { SecretFileError } from "../auth/mod.ts";
import { printableLine } from "./printable.ts";

/** The exit codes of all commands. */
export const EXIT = {
  ok: 0,
  /** What was asked for could not be done. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** A fault in Titan itself (`EX_SOFTWARE` of sysexits.h). */
  fault: 70,
} as const;

/** A command cannot do what it was asked for. The message is for whoever asked. */
export class CommandError extends Error {
  /** The name of the class. */
  override readonly name = "CommandError";
  /** What the process ends with. */
  readonly exitCode: number;

  /** Makes an error. @param exitCode of {@linkcode EXIT} */
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** The lines and the exit code for an error that ended a command. */
export interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** Errors whose messages are written for whoever runs a command. */
const TOLD = [DataDirError, OperatorError, SecretFileError];

/** What the operating system says where bytes have no place (POSIX). */
const NO_PLACE = ["ENOSPC", "EDQUOT", "EFBIG", "EIO"];

/** Says why a command ended. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommandError) return failure(error.message, error.exitCode);
  if (error instanceof ConfigError) return { lines: error.problems, exitCode: EXIT.usage };
  if (TOLD.some((type) => error instanceof type)) return failure(messageOf(error), EXIT.failed);
  if (error instanceof StoreUnavailableError || error instanceof StoreBusyError) {
    return failure(rootMessageOf(error), EXIT.failed);
  }
  if (error instanceof Deno.errors.NotCapable) return failure(error.message, EXIT.failed);
  if (isRefusedByDisk(error)) return failure(`Cannot write: ${messageOf(error)}`, EXIT.failed);
  return failure(`Fault: ${faultOf(error)}`, EXIT.fault);
}

/** Writes lines to standard error as Titan's. Where they cannot be written, the exit code says it. */
export function tell(lines: readonly string[]): void {
  try {
    for (const line of lines) console.error(`titan: ${printableLine(line)}`);
  } catch (error) {
    if (!isRefusedByDisk(error)) throw error;
  }
}

/** Whether bytes had no place, such as what a command prints into a file on a full disk. */
function isRefusedByDisk(error: unknown): boolean {
  return error instanceof Error && "code" in error && NO_PLACE.some((code) => code === error.code);
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of an error and of what led to it: the disk's own words. */
function rootMessageOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

function failure(message: string, exitCode: number): Failure {
  return { lines: [message], exitCode };
}

/** The name of an error and its message: nobody but this command's user has given it anything. */
function faultOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
}
