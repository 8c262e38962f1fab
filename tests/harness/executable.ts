/**
 * Executables as `deno task compile` makes them.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runTask } from "./run_task.ts";

/** An executable. Disposing of it removes it. */
export interface Executable extends AsyncDisposable {
  readonly path: string;
  /** How it was made. */
  readonly kind: string;
}

/** Makes an executable in a directory of its own. @param args further options of the task */
export async function makeExecutable(...args: readonly string[]): Promise<Executable> {
  const dir = await Deno.makeTempDir({ prefix: "titan-executable-" });
  const path = join(dir, "titan");
  const { code, stdout, stderr } = await runTask("compile", "--output", path, ...args);
  assert.equal(code, 0, stderr);
  const [, kind] = /: (compiled|self-extracting) executable for \S+, \d+\.\d MB\n$/.exec(stdout) ??
    [];
  assert.ok(kind !== undefined, stdout);
  // Deno's release host cannot be reached everywhere; what was made instead is told.
  if (args.length === 0 && kind === "self-extracting") assert.match(stderr, /cannot be had: .+\n/);
  const remove = () => Deno.remove(dir, { recursive: true });
  // Disposing of it twice does no harm.
  return { kind, path, [Symbol.asyncDispose]: () => remove().catch(() => {}) };
}

/** What is in a directory, in order. */
export async function namesIn(dir: string): Promise<readonly string[]> {
  return (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
}
