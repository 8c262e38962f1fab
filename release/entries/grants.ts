/**
 * Tells the script of a self-extracting executable what Titan may touch: one line with what may be
 * read, and one with what may be written. Its arguments are those of Titan.
 *
 * @module
 */
import { grantsOf, listOf } from "../grants.ts";

if (import.meta.main) {
  try {
    const { read, write } = grantsOf(Deno.args, (name) => Deno.env.get(name));
    console.log(`${listOf(read)}\n${listOf(write)}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(`titan: ${error.message}`);
    Deno.exitCode = 2;
  }
}
