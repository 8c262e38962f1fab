/**
 * Runs the Deno that runs this.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));

/** What a run came to. */
export interface DenoRun {
  readonly isDone: boolean;
  readonly stdout: string;
  /** What it said to standard error, without colours. */
  readonly stderr: string;
}

/** Runs Deno with some arguments in the root of the repository, to its end. */
export async function runDeno(...args: readonly string[]): Promise<DenoRun> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { isDone: success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The reason in what Deno said when it failed, on one line. */
export function reasonOf(stderr: string): string {
  const [said = ""] = stderr.split("Stack backtrace:");
  const [, cause] = /Caused by:\n([\s\S]*)/.exec(said) ?? [];
  const lines = (cause ?? said.slice(Math.max(0, said.lastIndexOf("error: "))))
    .split("\n").map((line) => line.replace(/^\s*(\d+: |error: )?/, "").trim())
    .filter((line) => line !== "");
  // The first of the causes is what was tried, the second what came of it.
  return (cause === undefined ? lines.slice(0, 1) : lines.slice(0, 2)).join(": ");
}
