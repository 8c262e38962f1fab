/**
 * Tells the script of a self-extracting executable what Titan may touch: one line with what may be
 * read, and one with what may be written. Its arguments are those of Titan.
 *
 * @module
 */
import { listOf } from "../../server/grants/mod.ts";
import { callGrants } from "../grants.ts";

async function main(): Promise<void> {
  try {
    const { read, write } = await callGrants(Deno.args, (name) => Deno.env.get(name));
    console.log(`${listOf(read)}\n${listOf(write)}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(`titan: ${error.message}`);
    Deno.exitCode = 2;
  }
}

if (import.meta.main) main();
