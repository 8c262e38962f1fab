/**
 * The tasks of `deno.json` as a user runs them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

/** What a task left behind. */
export interface TaskRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a task to its end.
 *
 * @param words its name and arguments, and at last variables for it
 */
export async function runTask(
  ...words: readonly (string | Readonly<Record<string, string>>)[]
): Promise<TaskRun> {
  const args = words.filter((word) => typeof word === "string");
  const env = words.find((word) => typeof word === "object");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    env: { NO_COLOR: "1", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
