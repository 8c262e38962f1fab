/**
 * What the tasks of `deno.json` let the server touch. Run with `read` or `write`, it prints paths as
 * Deno's options `--allow-read` and `--allow-write` want them. The environment is looked at, and the
 * file that `TITAN_CONFIG` names: options of the task itself come too late for it.
 *
 * @module
 */
import { grantsOf, listOf } from "../server/grants/mod.ts";

/**
 * The list of those paths that it can hold: a task goes on whatever becomes of this, and Deno takes
 * no empty list. Titan then says what it may not touch.
 */
function listOfGood(paths: readonly string[], tell: (line: string) => void): string {
  const good = paths.filter((path) => {
    try {
      return listOf([path]) !== "";
    } catch (error) {
      if (error instanceof RangeError) tell(`titan: ${error.message}`);
      return false;
    }
  });
  return listOf(good.length > 0 ? good : ["data"]);
}

if (import.meta.main) {
  const { read, write } = await grantsOf((name) => Deno.env.get(name));
  // What is written is read as well, and told of there.
  if (Deno.args[0] === "write") console.log(listOfGood(write, () => {}));
  else console.log(listOfGood(read, (line) => console.error(line)));
}
