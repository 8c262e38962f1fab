/**
 * Options of the benchmarks' commands.
 *
 * @module
 */
import { Command, InvalidArgumentError } from "commander";

/** A command without options but where to keep data; `--help` shows what it has. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option("--dir <directory>", "where the servers keep their data, on a real disk", tempDir());
}

/** A command that runs the chat load in turns: it has the options of `TurnOptions`. */
export function createTurnCommand(
  name: string,
  description: string,
  windows: readonly number[],
): Command {
  return createCommand(name, description)
    .option("--rounds <count>", "turns of each server at each window", wholeNumber, 5)
    .option("--secs <seconds>", "of one turn", wholeNumber, 5)
    .option("--windows <counts>", "messages in flight in each pair", wholeNumbers, windows)
    .option("--pairs <count>", "senders, and receivers", wholeNumber, 50)
    .option("--size <characters>", "of a message", wholeNumber, 100);
}

/** Reads a whole number of at least 1. @throws {InvalidArgumentError} */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Give a whole number above 0");
  return Number(text);
}

/** Reads whole numbers with commas between them. @throws {InvalidArgumentError} */
export function wholeNumbers(text: string): readonly number[] {
  return text.split(",").map(wholeNumber);
}

/** The listeners that a benchmark can run Titan on. */
export type ListenerName = "deno" | "ws";

/** Reads `deno` or `ws`. @throws {InvalidArgumentError} */
export function listenerName(text: string): ListenerName {
  if (text === "deno" || text === "ws") return text;
  throw new InvalidArgumentError("Give the name of a listener");
}

/** Reads `deno`, `ws` or `both`. @throws {InvalidArgumentError} */
export function listenerNames(text: string): readonly ListenerName[] {
  return text === "both" ? ["deno", "ws"] : [listenerName(text)];
}

/** What was asked for cannot be measured here; the message says why, and that is all there is. */
export class UnfitError extends Error {
  override readonly name = "UnfitError";
}

/** Runs a command to its end. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UnfitError)) throw error;
    console.error(`error: ${error.message}`);
    Deno.exitCode = 1;
  }
}

function tempDir(): string {
  return Deno.env.get("TMPDIR") || "/tmp";
}
