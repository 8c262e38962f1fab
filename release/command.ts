/**
 * What the programs of this folder share: their options, and how they end.
 *
 * @module
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { ReleaseError } from "./release_error.ts";
import { ALL, readTargets, type Target, TARGETS } from "./targets.ts";

/** Options of both programs. */
export interface TargetOptions {
  /** What to build for. */
  readonly target: readonly Target[];
  /** Leave `deno compile` out. @default {false} */
  readonly selfExtracting?: boolean;
  /** Use `deno compile` or nothing. @default {false} */
  readonly compiled?: boolean;
}

const FOOTER = `
Targets: ${ALL}, or one of
  ${TARGETS.join("\n  ")}
Environment: DENORT_BIN, the runtime that deno compile takes instead of fetching it
Exit codes: 0 done, 1 failed, 2 wrong usage`;

/** Makes a command with the options of both programs. */
export function createCommand(name: string, description: string): Command {
  const target = new Option("--target <target>", "build for another machine, or for all")
    .argParser(parseTargets)
    .default(readTargets(Deno.build.target) ?? [], Deno.build.target);
  const selfExtracting = new Option(
    "--self-extracting",
    "leave deno compile out: Deno itself and the code, which the first start unpacks",
  );
  const compiled = new Option(
    "--compiled",
    "by deno compile or not at all, where there is no shell to unpack the other",
  ).conflicts("selfExtracting");
  return new Command(name)
    .description(description)
    .addOption(target)
    .addOption(selfExtracting)
    .addOption(compiled)
    .addHelpText("after", FOOTER)
    .configureOutput({ outputError: () => {} })
    .allowExcessArguments(false)
    .exitOverride();
}

/** Runs a command to its end. @returns the exit code */
export async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  try {
    await command.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const isUsage = error instanceof CommanderError;
    if (!isUsage && !isTold(error)) throw error;
    console.error(`${command.name()}: ${error.message.replace(/^error: /, "")}`);
    return isUsage ? 2 : 1;
  }
}

/**
 * Makes something for each target. Of several, one that cannot be made does not keep the others.
 *
 * @throws {ReleaseError} one could not be made
 */
export async function forEachTarget(
  targets: readonly Target[],
  make: (target: Target) => Promise<void>,
): Promise<void> {
  const [first, ...others] = targets;
  if (first !== undefined && others.length === 0) return await make(first);
  const failed: Target[] = [];
  for (const target of targets) {
    await make(target).catch((error) => {
      if (!isTold(error)) throw error;
      tell(`${target}: ${error.message}`);
      failed.push(target);
    });
  }
  if (failed.length === 0) return;
  const count = `${failed.length} of ${targets.length}`;
  throw new ReleaseError(`Cannot make ${count}, see above: ${failed.join(", ")}`);
}

/** Tells how it goes on. */
export function tell(line: string): void {
  console.error(line);
}

/** A number of bytes for people. */
export function sizeOf(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.ceil(bytes / 1000)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * Whether somebody has named the runtime that `deno compile` takes.
 *
 * @throws {ReleaseError} it would have to serve several targets
 */
export function hasRuntimeFor(targets: readonly Target[]): boolean {
  const hasRuntime = Deno.env.get("DENORT_BIN") !== undefined;
  if (hasRuntime && targets.length > 1) {
    throw new ReleaseError("DENORT_BIN is the runtime of one target: name that with --target");
  }
  return hasRuntime;
}

/** Whether an error is one that the user of a program can do something about: ours, or a file's. */
function isTold(error: unknown): error is Error {
  return error instanceof ReleaseError ||
    Object.values(Deno.errors).some((type) => error instanceof type);
}

function parseTargets(text: string): readonly Target[] {
  const targets = readTargets(text);
  if (targets === null) throw new InvalidArgumentError("See --help for those that there are");
  return targets;
}
