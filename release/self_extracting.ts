/**
 * An executable that needs no runtime of `deno compile`: a shell script, and behind it an archive with
 * Deno itself and the code, which the first start unpacks.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import config from "../deno.json" with { type: "json" };
import type { Bundle } from "./bundle.ts";
import { ReleaseError } from "./release_error.ts";
import { packTar } from "./tar.ts";
import type { Target } from "./targets.ts";

/** What {@linkcode makeSelfExtracting} is made of. */
export interface SelfExtractingOptions {
  /** The code. */
  readonly bundle: Bundle;
  /** What it is for. */
  readonly target: Target;
  /** Where it goes; a file that is there is replaced. */
  readonly output: string;
  /** The options that Deno runs it with, but for those that name paths. */
  readonly run: readonly string[];
}

/** Digits of the archive's checksum that name its directory: 64 bits. */
const HASH_DIGITS = 16;

/** What Deno is called in the archive. */
const DENO = "deno";

/** Digits of a number that is not known before the text that holds it is. */
const OFFSET_DIGITS = 8;

/**
 * Makes the executable.
 *
 * @throws {ReleaseError} it is for another machine than this one, or cannot be written
 */
export async function makeSelfExtracting(options: SelfExtractingOptions): Promise<void> {
  const { bundle, target, output, run } = options;
  if (target !== Deno.build.target || Deno.build.os === "windows") {
    throw new ReleaseError(
      `Cannot make a self-extracting executable for ${target} on ${Deno.build.target}: ` +
        "it takes the compile runtime of Deno, from its release host or as DENORT_BIN",
    );
  }
  const archive = await archiveOf(bundle);
  const stub = await stubOf({
    VERSION: config.version,
    TARGET: target,
    FILES: wordsOf([DENO, ...bundle.files]),
    HASH: createHash("sha256").update(archive).digest("hex").slice(0, HASH_DIGITS),
    OPTIONS: wordsOf(run),
  });
  await writeProgram(output, [stub, archive]);
}

async function archiveOf({ dir, files }: Bundle): Promise<Uint8Array<ArrayBuffer>> {
  const code = files.map(async (path) => ({ path, bytes: await Deno.readFile(join(dir, path)) }));
  const deno = { path: DENO, bytes: await Deno.readFile(Deno.execPath()), isProgram: true };
  return await new Response(packTar([...await Promise.all(code), deno])).bytes();
}

/** Words of a shell, which leaves what is in them as it is. */
function wordsOf(texts: readonly string[]): string {
  return texts.map((text) => `'${text}'`).join(" ");
}

/** The script, with its own length in it. */
async function stubOf(values: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const template = await Deno.readTextFile(new URL("./stub.sh", import.meta.url));
  const known = new Map(Object.entries({ ...values, OFFSET: "0".repeat(OFFSET_DIGITS) }));
  const fill = () =>
    new TextEncoder().encode(template.replace(/@([A-Z]+)@/g, (_, name) => known.get(name) ?? ""));
  // `tail` counts bytes from 1.
  known.set("OFFSET", `${fill().length + 1}`.padStart(OFFSET_DIGITS, "0"));
  return fill();
}

/** Writes a program that is whole under its name, or not there. */
async function writeProgram(
  path: string,
  parts: readonly Uint8Array<ArrayBuffer>[],
): Promise<void> {
  const part = `${path}.part`;
  try {
    await Deno.writeFile(part, new Blob([...parts]).stream(), { mode: 0o755 });
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReleaseError(`Cannot write the executable: ${reason}`);
  }
}
