/**
 * What a deployment may choose, by variables of the environment.
 *
 * @module
 */
import { closest } from "fastest-levenshtein";
import { CONFIG_TABLE, type ConfigRow } from "./config_table.ts";
import type { KeySource } from "./keys_value.ts";
import type { IssuerConfig } from "./oidc/mod.ts";
import { type PushConfig, pushProblems } from "./push_config.ts";

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
  /** The default, in words or as it would be written. */
  readonly default: string;
  /** One sentence without a capital and a full stop. */
  readonly meaning: string;
  /** What may be written there; goes on from "must be". */
  readonly allowed: string;
}

/** The environment does not say what the server should do. Holds all mistakes and no secret. */
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

const SHOWN_CHARS_MAX = 80;

/** All variables, in the order in which they are shown. */
export const VARIABLES: readonly ConfigVariable[] = Object.values(CONFIG_TABLE).map((row) => ({
  name: row.name,
  default: row.default,
  meaning: row.meaning,
  allowed: row.value.allowed,
}));

/**
 * Reads the configuration. An empty variable counts as not set.
 *
 * @param env answers the value of a variable, or undefined where it is not set
 * @throws {ConfigError} one or more variables hold what is not allowed.
 */
export function readConfig(env: (name: string) => string | undefined): Config {
  const problems: string[] = [];
  const values = Object.entries<ConfigRow<unknown>>(CONFIG_TABLE).map(([key, row]) => {
    const text = env(row.name) ?? "";
    const value = text === "" ? unsetValue(row) : readValue(row, text);
    if (value === undefined && text !== "") problems.push(problem(row, text));
    return [key, value] as const;
  });
  // The type of the table pairs every key of a configuration with a row that reads its value.
  const config = Object.fromEntries(values) as unknown as Config;
  const isSet = (name: string) => (env(name) ?? "") !== "";
  if (!isSet(CONFIG_TABLE.jwtKeys.name)) problems.push(...misplaced(config));
  if (config.store === "shared" && !isSet(CONFIG_TABLE.jwtSecrets.name)) {
    const { jwtSecrets, store } = CONFIG_TABLE;
    problems.push(`${jwtSecrets.name} must be set where ${store.name} is "shared"`);
  }
  problems.push(...pushProblems(config, isSet));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** A variable that means nothing to Titan, and the one that may have been meant. */
export interface UnknownVariable {
  /** As it was set. */
  readonly name: string;
  /** The name of a variable that is read. */
  readonly nearest: string;
}

/**
 * Finds variables that look like Titan's and are not: a misspelt one would silently do nothing.
 *
 * @param names the names of all variables of the environment
 */
export function unknownVariables(names: Iterable<string>): readonly UnknownVariable[] {
  const known = VARIABLES.map((variable) => variable.name);
  return Array.from(names)
    .filter((name) => name.startsWith("TITAN_") && !known.includes(name))
    .map((name) => ({ name, nearest: closest(name, known) }));
}

function unsetValue(row: ConfigRow<unknown>): unknown {
  return row.unset === undefined ? row.value.read(row.default) : row.unset.value;
}

/** White space around a value is a slip of the editor. */
function readValue(row: ConfigRow<unknown>, text: string): unknown {
  return row.value.read(text.trim());
}

function problem(row: ConfigRow<unknown>, text: string): string {
  const given = row.hidden ? `it is a text of ${text.length} characters, not shown` : shown(text);
  const { allowed, fault } = row.value;
  return `${row.name} must be ${allowed}: ${fault?.(text.trim()) ?? given}`;
}

/** Whoever sets what only holds for tokens under some keys may believe that it guards all. */
function misplaced(config: Config): readonly string[] {
  return (["jwtIssuer", "jwtAudience"] as const)
    .filter((key) => config[key] !== undefined)
    .map((key) =>
      `${CONFIG_TABLE[key].name} must be left out without ${CONFIG_TABLE.jwtKeys.name}`
    );
}

/** A value in quotes, short, on one line, and without the password that a URL may hold. */
function shown(text: string): string {
  const safe = text.replace(/\/\/.*@/s, "//...@");
  const short = safe.length > SHOWN_CHARS_MAX ? `${safe.slice(0, SHOWN_CHARS_MAX)}...` : safe;
  return `it is ${JSON.stringify(short)}`;
}
