/**
 * Makes executables: with `deno compile`, and without it where its runtime cannot be had.
 *
 * @module
 */
import { join, resolve } from "node:path";
import config from "../deno.json" with { type: "json" };
import type { Bundle } from "./bundle.ts";
import { CONFIG, MAIN } from "./bundle.ts";
import { ReleaseError } from "./release_error.ts";
import { reasonOf, runDeno } from "./run_deno.ts";
import { makeSelfExtracting } from "./self_extracting.ts";
import type { Target } from "./targets.ts";
import { taskOptions } from "./task_options.ts";

/** What {@linkcode makeExecutable} is asked for. */
export interface ExecutableOptions {
  /** The code. */
  readonly bundle: Bundle;
  /** What it is for. */
  readonly target: Target;
  /** Where it goes; a file that is there is replaced. */
  readonly output: string;
  /** Leave `deno compile` out. @default {false} */
  readonly selfExtracting?: boolean;
  /** Use `deno compile` or nothing. @default {false} */
  readonly compiled?: boolean;
  /** Whether somebody has named the runtime that `deno compile` takes (`DENORT_BIN`). */
  readonly hasRuntime: boolean;
  /** Hears how it goes on. */
  tell(line: string): void;
}

/** How an executable was made. */
export type Kind = "compiled" | "self-extracting";

/**
 * Makes an executable.
 *
 * @throws {ReleaseError} it cannot be made
 */
export async function makeExecutable(options: ExecutableOptions): Promise<Kind> {
  const { bundle, target, output, selfExtracting, compiled, hasRuntime, tell } = options;
  const run = taskOptions(config.tasks.start.command);
  if (!selfExtracting) {
    tell("Compiling; Deno fetches the runtime for that where it has none");
    const reason = await compile(bundle, target, resolve(output), run);
    if (reason === null) return "compiled";
    if (hasRuntime) throw new ReleaseError(`Cannot compile with the runtime DENORT_BIN: ${reason}`);
    if (compiled) throw new ReleaseError(`Cannot have Deno's compile runtime: ${reason}`);
    tell(`Deno's compile runtime cannot be had: ${reason}`);
    tell("Making a self-extracting executable instead; DENORT_BIN may name the runtime");
  }
  await makeSelfExtracting({ bundle, target, output, run });
  return "self-extracting";
}

/**
 * Runs `deno compile`.
 *
 * @returns null where that worked, and the reason where the runtime is missing
 * @throws {ReleaseError} something else is wrong
 */
async function compile(
  { dir, extra }: Bundle,
  target: Target,
  output: string,
  run: readonly string[],
): Promise<string | null> {
  const { isDone, stderr } = await runDeno(
    ...["compile", "--config", join(dir, CONFIG), "--no-check", "--target", target, ...run],
    // Where its data is, an executable learns when it runs; permissions are given here.
    ...["--allow-read", "--allow-write", "--app-name", "titan", "--output", output],
    // What Deno notes would be run from a name in /tmp that every user of the machine may take.
    "--no-code-cache",
    ...extra.flatMap((path) => ["--include", join(dir, path)]),
    join(dir, MAIN),
  );
  if (isDone) return null;
  const reason = reasonOf(stderr);
  const missing = /^Setting up base binary\.(?:: )?(.*)$/.exec(reason);
  if (missing === null) throw new ReleaseError(`Cannot compile for ${target}: ${reason}`);
  return missing[1] ?? "";
}
