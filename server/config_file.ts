/**
 * A file of settings: TOML, or JSON where its name says so.
 *
 * @module
 */
import type { ConfigFile } from "./config_sources.ts";
import { shown } from "./setting_text.ts";
import { readTextFile } from "./text_file.ts";

/** What stands in a file, or what is wrong with it as a sentence without a capital. */
type Parsed = { readonly values: object } | { readonly fault: string };

/**
 * Reads a file of settings. What is wrong with it is in the answer, to be told with all other
 * mistakes.
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const file = readTextFile(path);
  if ("fault" in file) return broken(path, `Cannot read the file of settings: ${file.fault}`);
  const parsed = path.endsWith(".json") ? parseJson(file.text) : await parseToml(file.text);
  if ("fault" in parsed) return broken(path, parsed.fault);
  const values = new Map<string, unknown>(Object.entries(parsed.values));
  return { path, values, problems: [], isPublic: file.isPublic };
}

function broken(path: string, fault: string): ConfigFile {
  return { path, values: new Map(), problems: [`${path}: ${fault}`], isPublic: false };
}

/** Parses JSON. V8 quotes what it does not understand: only the place is told, where it has one. */
function parseJson(text: string): Parsed {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(error)) ?? [];
    return { fault: `It is not JSON${line === undefined ? "" : placeOf(line, column)}` };
  }
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  if (!isObject) return { fault: "It is not a JSON object" };
  const key = repeatedKey(text);
  if (key === undefined) return { values: json as object };
  return { fault: `It has a key twice: ${shown(/^\w+$/.test(key) ? key : JSON.stringify(key))}` };
}

/** Finds a key that good JSON has twice at its top: the parser would silently go by the last. */
function repeatedKey(text: string): string | undefined {
  const keys = new Set<string>();
  let depth = 0;
  for (const [mark, string, isKey] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")\s*(:)?|[[\]{}]/g)) {
    if (string === undefined) depth += mark === "{" || mark === "[" ? 1 : -1;
    else if (isKey !== undefined && depth === 1) {
      const key: string = JSON.parse(string);
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

/** Parses TOML. The library shows the lines around a mistake below its reason: they are left out. */
async function parseToml(text: string): Promise<Parsed> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return { values: parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n");
    return { fault: `It is not TOML${placeOf(error.line, error.column)}: ${reason}` };
  }
}

function placeOf(line: number | string, column: number | string | undefined): string {
  return `, in line ${line}, column ${column}`;
}
