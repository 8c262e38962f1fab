/**
 * What the tasks of `deno.json` let the server touch. Run with `read` or `write`, it prints paths as
 * Deno's options `--allow-read` and `--allow-write` want them. The environment is looked at, and the
 * file that `TITAN_CONFIG` names: options of the task itself come too late for it.
 *
 * @module
 */
import { grantsOf, listOf } from "../server/grants/mod.ts";

if (import.meta.main) {
  const { read, write } = await grantsOf((name) => Deno.env.get(name));
  console.log(listOf(Deno.args[0] === "write" ? write : read));
}
