/**
 * What the tasks of `deno.json` let the server touch: the paths that the configuration names. Run
 * with `read` or `write`, it prints them as Deno's options `--allow-read` and `--allow-write` want
 * them. The environment is looked at, and the file that `TITAN_CONFIG` names: options of the task
 * itself come too late for it.
 *
 * @module
 */
import { type Configuration, readConfiguration } from "../server/config.ts";
import { readConfigFile } from "../server/config_file.ts";
import { CONFIG_VARIABLE, fileVariableOf, TOKEN_VARIABLE } from "../server/setting_names.ts";
import { readValueFile } from "../server/text_file.ts";

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
  const secrets: string[] = [];
  const readFile = (path: string) => {
    secrets.push(path);
    return readValueFile(path);
  };
  const { config } = readConfiguration({ env, names: [], file, readFile });
  const dataDir = config?.dataDir ?? DATA_DIR_DEFAULT;
  const token = env(fileVariableOf(TOKEN_VARIABLE)) || undefined;
  const named = [path, token].filter((path) => path !== undefined);
  return { read: [dataDir, ...named, ...secrets, ...credentials(config)], write: [dataDir] };
}

/** A list as Deno has it. @throws {RangeError} a path has a comma: no list can hold it. */
export function listOf(paths: readonly string[]): string {
  const path = paths.find((path) => path.includes(","));
  if (path !== undefined) throw new RangeError(`Cannot name "${path}" to Deno: it has a comma`);
  return paths.join(",");
}

/** Files that are read when push services are opened. */
function credentials(config: Configuration["config"]): readonly string[] {
  const { googleCredentials, apnsKey } = config ?? {};
  const paths = [googleCredentials, apnsKey?.kind === "path" ? apnsKey.path : undefined];
  return paths.filter((path) => path !== undefined);
}

if (import.meta.main) {
  const { read, write } = await grantsOf((name) => Deno.env.get(name));
  console.log(listOf(Deno.args[0] === "write" ? write : read));
}
