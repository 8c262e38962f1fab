/**
 * The files of the repository, for the tests that read them.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);

/** Folders that hold what is made and not what is written. */
const SKIPPED: ReadonlySet<string> = new Set([".git", "coverage", "data", "dist", "node_modules"]);

/** The paths of all written files from the root of the repository, in order. */
export async function listFiles(): Promise<readonly string[]> {
  return (await Array.fromAsync(filesIn(""))).sort();
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isFile) yield path;
    if (entry.isDirectory && !SKIPPED.has(entry.name)) yield* filesIn(`${path}/`);
  }
}

/** The text of a file, by its path from the root of the repository. */
export function readText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}
