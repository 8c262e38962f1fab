/**
 * With what an executable runs Titan: what the task `start` in `deno.json` says, so that there is one
 * place for permissions and flags.
 *
 * @module
 */
import { ReleaseError } from "./release_error.ts";

/** What the task may read and write; where it reads its own sources, an executable reads itself. */
const PATHS = /^--allow-(read="\$READ(,[\w./]+)*"|write="\$WRITE")$/;

/** An option that means the same everywhere. */
const PLAIN = /^--[a-z0-9-]+(=[\w*,:.=-]+)?$/;

/**
 * The options of `deno run` in the command of a task, but for those that name paths: these depend on
 * where the executable runs.
 *
 * @throws {ReleaseError} the command has an option of which nobody knows what it means there
 */
export function taskOptions(command: string): readonly string[] {
  const [, text] = /.*\bdeno run (.+) main\.ts serve$/.exec(command) ?? [];
  if (text === undefined) throw new ReleaseError("Task start does not run main.ts as it used to");
  return text.split(" ").filter((option) => {
    if (PATHS.test(option)) return false;
    if (PLAIN.test(option)) return true;
    throw new ReleaseError(`Task start has an option that executables do not know: ${option}`);
  });
}
