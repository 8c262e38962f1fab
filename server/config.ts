/**
 * What a deployment may choose, by variables of the environment or in a file.
 *
 * @module
 */
import type { ConfigSources } from "./config_sources.ts";
import { CONFIG_TABLE, type ConfigRow } from "./config_table.ts";
import type { KeySource } from "./keys_value.ts";
import type { IssuerConfig } from "./oidc/mod.ts";
import { type PushConfig, pushProblems } from "./push_config.ts";
import { type ConfigWarning, type Setting, SettingReader } from "./setting_reader.ts";
import { keyOf } from "./setting_names.ts";

/** All choices of a deployment. */
export interface Config extends PushConfig {
  /** The TCP port; 0: any free one. */
  readonly port: number;
  /** The host name or address to listen on. */
  readonly host: string;
  /** `deno`: `Deno.serve`. `ws`: `npm:ws` on `node:http`. */
  readonly listener: "deno" | "ws";
  /** The directory of everything Titan keeps. */
  readonly dataDir: string;
  /**
   * `kv`: Deno KV in the data directory. `shared`: a Deno KV that other servers use, too, and no data
   * directory. `memory`: nothing outlives the process.
   */
  readonly store: "kv" | "shared" | "memory";
  /**
   * The secrets of tokens: the first signs, all verify. Undefined: one is made once in the data
   * directory. Never log this.
   */
  readonly jwtSecrets: readonly Uint8Array<ArrayBuffer>[] | undefined;
  /** Public keys that verify tokens as well, or where they are published. */
  readonly jwtKeys: KeySource | undefined;
  /** What `iss` of tokens under {@linkcode Config.jwtKeys} has to be; undefined: anything. */
  readonly jwtIssuer: string | undefined;
  /** What has to be in `aud` of tokens under {@linkcode Config.jwtKeys}; undefined: anything. */
  readonly jwtAudience: string | undefined;
  /** How long a token is valid that has a time of issue and no expiry. */
  readonly jwtMaxAgeSeconds: number;
  /** How long an access token is valid that a refresh token can follow. */
  readonly accessSeconds: number;
  /** How long a refresh token is valid. */
  readonly refreshSeconds: number;
  /** A device that was not here for so long is dropped. */
  readonly deviceSeconds: number;
  /** The OAuth client ids whose Google users may sign in; none: nobody signs in with Google. */
  readonly googleClientIds: readonly string[];
  /** The URL of Google as an issuer, or of what stands for it in a test. */
  readonly googleIssuer: string;
  /** Other issuers whose users may sign in. */
  readonly oidc: readonly IssuerConfig[];
  /** `upgrade`: no WebSocket without a credential in its upgrade request. */
  readonly wsAuth: "message" | "upgrade";
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[];
  /** Messages a second that one user may send; 0: no limit. */
  readonly sendRate: number;
  /** Messages that one user may send at once. */
  readonly sendBurst: number;
  /** Messages that may wait for one user. */
  readonly mailboxMessages: number;
  /** Bytes that may wait for one user. */
  readonly mailboxBytes: number;
  /** Connections from one address. */
  readonly addressConnections: number;
  /** Undefined: `pretty` on a terminal, else `json`. */
  readonly log: "pretty" | "json" | undefined;
  /** Events that matter less are not logged. */
  readonly logLevel: "info" | "warning" | "error";
  /** Where operators are listened to. */
  readonly adminHost: string;
  /** The TCP port for operators; 0: any free one; undefined: there is none. */
  readonly adminPort: number | undefined;
  /** What opens the operators' pages on the public listener; undefined: nothing. Never log this. */
  readonly adminToken: string | undefined;
  /** How long a drain may take. */
  readonly drainSeconds: number;
}

/** One variable, as help and documentation show it. */
export interface ConfigVariable {
  /** As in the environment. */
  readonly name: string;
  /** As in a file. */
  readonly key: string;
  /** Whether it is never shown, and may be in a file of its own. */
  readonly secret: boolean;
  /** The default, in words or as it would be written. */
  readonly default: string;
  /** One sentence without a capital and a full stop. */
  readonly meaning: string;
  /** What may be written there; goes on from "must be". */
  readonly allowed: string;
}

/** What was written, and what it means. */
export interface Configuration {
  /** All choices; undefined where there are mistakes. */
  readonly config: Config | undefined;
  /** One sentence for each mistake, with its variable or its key. */
  readonly problems: readonly string[];
  /** What works, and may be meant otherwise. */
  readonly warnings: readonly ConfigWarning[];
  /** Where each choice is from. */
  readonly settings: readonly Setting[];
  /** The path of the file; undefined where there is none. */
  readonly path: string | undefined;
}

/** Nothing says what the server should do. Holds all mistakes and no secret. */
export class ConfigError extends Error {
  /** The name of the class. */
  override readonly name = "ConfigError";
  /** One sentence for each mistake, with its variable. */
  readonly problems: readonly string[];

  /** Makes one error of all mistakes. */
  constructor(problems: readonly string[]) {
    super(`Cannot use the configuration: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** All variables, in the order in which they are shown. */
export const VARIABLES: readonly ConfigVariable[] = Object.values(CONFIG_TABLE).map((row) => ({
  name: row.name,
  key: keyOf(row.name),
  secret: row.hidden ?? false,
  default: row.default,
  meaning: row.meaning,
  allowed: row.value.allowed,
}));

/** Reads what is written in the environment and in a file. A variable wins over the file. */
export function readConfiguration(sources: ConfigSources): Configuration {
  const reader = new SettingReader(sources);
  const readings = Object.entries<ConfigRow<unknown>>(CONFIG_TABLE)
    .map(([key, row]) => [key, reader.read(row)] as const);
  // The type of the table pairs every key of a configuration with a row that reads its value.
  const config = Object.fromEntries(
    readings.map(([key, { value }]) => [key, value]),
  ) as unknown as Config;
  const settings = readings.map(([, { setting }]) => setting);
  const labels = labelsOf(settings);
  const isSet = (name: string) => labels.has(name);
  const label = (name: string) => labels.get(name) ?? name;
  reader.lookAtNames(VARIABLES);
  const problems = [...reader.problems];
  if (!isSet(CONFIG_TABLE.jwtKeys.name)) problems.push(...misplaced(config, label));
  if (config.store === "shared" && !isSet(CONFIG_TABLE.jwtSecrets.name)) {
    const { jwtSecrets, store } = CONFIG_TABLE;
    problems.push(`${jwtSecrets.name} must be set where ${label(store.name)} is "shared"`);
  }
  problems.push(...pushProblems(config, { isSet, label }));
  return {
    config: problems.length === 0 ? config : undefined,
    problems,
    warnings: reader.warnings,
    settings,
    path: sources.file?.path,
  };
}

/**
 * Reads the configuration of an environment alone. An empty variable counts as not set.
 *
 * @param env answers the value of a variable, or undefined where it is not set
 * @throws {ConfigError} one or more variables hold what is not allowed.
 */
export function readConfig(env: ConfigSources["env"]): Config {
  return configOf(readConfiguration({ env, names: [] }));
}

/** What was chosen. @throws {ConfigError} there are mistakes. */
export function configOf({ config, problems }: Configuration): Config {
  if (config === undefined) throw new ConfigError(problems);
  return config;
}

/** What a variable is called where it is set: itself, the one of its file, or a file and its key. */
export function labelOf({ settings }: Pick<Configuration, "settings">, name: string): string {
  return labelsOf(settings).get(name) ?? name;
}

/** Names what mistakes are about as it is written: they are found by variables, in the end. */
export function relabelled(
  { settings }: Pick<Configuration, "settings">,
  problems: readonly string[],
): readonly string[] {
  const labels = labelsOf(settings);
  return problems.map((problem) =>
    problem.replace(/^[A-Z_]+(?= )/, (name) => labels.get(name) ?? name)
  );
}

/** Where what is set is written, by its variable. */
function labelsOf(settings: readonly Setting[]): ReadonlyMap<string, string> {
  const set = settings.filter(({ from }) => from !== "default");
  return new Map(set.map(({ variable, label }) => [variable, label]));
}

/** Whoever sets what only holds for tokens under some keys may believe that it guards all. */
function misplaced(config: Config, label: (name: string) => string): readonly string[] {
  return (["jwtIssuer", "jwtAudience"] as const)
    .filter((key) => config[key] !== undefined)
    .map((key) =>
      `${label(CONFIG_TABLE[key].name)} must be left out without ${CONFIG_TABLE.jwtKeys.name}`
    );
}
