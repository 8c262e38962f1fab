/**
 * What a self-extracting executable lets Titan touch: the paths that variables and the command name.
 *
 * @module
 */
import { dirname } from "node:path";

/** Paths, as Deno's options have them. */
export interface Grants {
  /** For `--allow-read`, beside the executable's own files. */
  readonly read: readonly string[];
  /** For `--allow-write`. */
  readonly write: readonly string[];
}

/** Where data goes where nobody says anything else. */
const DATA_DIR_DEFAULT = "data";

/** Variables that name files to read. A key may also stand in the variable itself. */
const FILE_VARIABLES = ["GOOGLE_APPLICATION_CREDENTIALS", "TITAN_APNS_KEY"];

/** Finds the paths. @param args the command and its arguments, as in `["backup", "a.gz"]` */
export function grantsOf(
  args: readonly string[],
  env: (name: string) => string | undefined,
): Grants {
  const dataDir = env("TITAN_DATA_DIR") || DATA_DIR_DEFAULT;
  const named = FILE_VARIABLES.map(env).filter((path) => path && !path.includes("-----"));
  const read = [dataDir, ...named.filter((path) => path !== undefined)];
  const write = [dataDir];
  const [command, ...words] = args;
  if (command === "restore") read.push(...operands(words));
  for (const path of made(command, words)) {
    // A file may have another name until it is whole; its name is on the disk when its directory is.
    const files = [path, `${path}.part`];
    read.push(...files, dirname(path));
    write.push(...files);
  }
  return { read, write };
}

/** The files that a command makes. */
function made(command: string | undefined, words: readonly string[]): readonly string[] {
  if (command === "backup") return operands(words);
  if (command !== "user") return [];
  return words.flatMap((word, at) => {
    if (word.startsWith("--output=")) return [word.slice("--output=".length)];
    return word === "--output" ? words.slice(at + 1, at + 2) : [];
  }).filter((path) => path !== "");
}

/** Words that are no options; `-` stands for a stream. */
function operands(words: readonly string[]): readonly string[] {
  return words.filter((word) => word !== "" && !word.startsWith("-"));
}

/** A list as Deno's options have it. @throws {RangeError} it cannot hold a path */
export function listOf(paths: readonly string[]): string {
  const path = paths.find((path) => /[,\n]/.test(path));
  if (path === undefined) return [...new Set(paths)].join(",");
  const mark = path.includes(",") ? "comma" : "line break";
  throw new RangeError(`Cannot name a path with a ${mark} to Deno: ${JSON.stringify(path)}`);
}
