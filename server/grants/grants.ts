/**
 * What Titan may touch: the paths that the configuration names.
 *
 * @module
 */
import { readConfiguration } from "../config.ts";
import { readConfigFile } from "../config_file.ts";
import { CONFIG_VARIABLE, fileVariableOf, TOKEN_VARIABLE } from "../setting_names.ts";
import { readValueFile } from "../text_file.ts";

/** Where data goes if nobody says anything else, or if that cannot be understood. */
const DATA_DIR_DEFAULT = "data";

/** The paths of a deployment. */
export interface Grants {
  /** What the server reads beside its own source. */
  readonly read: readonly string[];
  /** What it writes. */
  readonly write: readonly string[];
}

/** Finds the paths that a configuration names. @param env as of `readConfiguration()` */
export async function grantsOf(env: (name: string) => string | undefined): Promise<Grants> {
  const path = env(CONFIG_VARIABLE) || undefined;
  const file = path === undefined ? undefined : await readConfigFile(path);
  // Files with values, and those of credentials, which are looked at here and read where they are used.
  const secrets: string[] = [];
  const readFile = (path: string) => {
    secrets.push(path);
    return readValueFile(path);
  };
  const { config } = readConfiguration({ env, names: [], file, readFile });
  const dataDir = config?.dataDir ?? DATA_DIR_DEFAULT;
  const token = env(fileVariableOf(TOKEN_VARIABLE)) || undefined;
  const named = [path, token].filter((path) => path !== undefined);
  return { read: [dataDir, ...named, ...secrets], write: [dataDir] };
}

/** A list as Deno's options have it. @throws {RangeError} it cannot hold a path */
export function listOf(paths: readonly string[]): string {
  const path = paths.find((path) => /[,\n]/.test(path));
  if (path === undefined) return [...new Set(paths)].join(",");
  const mark = path.includes(",") ? "comma" : "line break";
  throw new RangeError(`Cannot name ${JSON.stringify(path)} to Deno: it has a ${mark}`);
}
