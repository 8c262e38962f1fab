/**
 * What a deployment may choose, by variables of the environment. One table holds all of them; the
 * one in `docs/operating.md` is compared with it by a test.
 *
 * @module
 */
import { closest } from "fastest-levenshtein";
import {
  ADDRESS_CONNECTIONS_DEFAULT,
  CONNECTIONS_MAX,
  MAILBOX_BYTES_DEFAULT,
  MAILBOX_MESSAGES_DEFAULT,
  SEND_BURST_DEFAULT,
  SEND_RATE_DEFAULT,
} from "../limits.ts";
import {
  byteCount,
  choice,
  type ConfigValue,
  decimalNumber,
  directory,
  host,
  networks,
  seconds,
  secret,
  wholeNumber,
} from "./config_value.ts";

/** All choices of a deployment. */
export interface Config {
  /** The TCP port; 0: any free one. */
  readonly port: number;
  /** The host name or address to listen on. */
  readonly host: string;
  /** `deno`: `Deno.serve`. `ws`: `npm:ws` on `node:http`. */
  readonly listener: "deno" | "ws";
  /** The directory of everything Titan keeps. */
  readonly dataDir: string;
  /** `kv`: Deno KV in the data directory. `memory`: nothing outlives the process. */
  readonly store: "kv" | "memory";
  /** Undefined: one is made once in the data directory. Never log this. */
  readonly jwtSecret: Uint8Array<ArrayBuffer> | undefined;
  /** How long a token is valid that has a time of issue and no expiry. */
  readonly jwtMaxAgeSeconds: number;
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

interface Row<T> {
  readonly name: string;
  readonly default: string;
  readonly meaning: string;
  readonly value: ConfigValue<NonNullable<T>>;
  /** What stands for a variable that is not set; left out where `default` can be read. */
  readonly unset?: { readonly value: T };
  /** Never show what was given. */
  readonly secret?: true;
}

const COUNT_MAX = 1_000_000_000;
const RATE_MAX = 100_000;
const BYTES_MAX = 1024 ** 4;
const JWT_AGE_SECONDS_MAX = 10 * 366 * 24 * 3600;
const DRAIN_SECONDS_MAX = 3600;
const SHOWN_CHARS_MAX = 80;

const TABLE: { readonly [K in keyof Config]: Row<Config[K]> } = {
  port: {
    name: "PORT",
    default: "3000",
    meaning: "the TCP port; 0: any free one",
    value: wholeNumber({ min: 0, max: 65_535 }),
  },
  host: {
    name: "TITAN_HOST",
    default: "127.0.0.1",
    meaning: "where to listen; 0.0.0.0 or :: for every network",
    value: host(),
  },
  listener: {
    name: "TITAN_LISTENER",
    default: "deno",
    meaning: "deno: Deno.serve; ws: npm:ws on node:http",
    value: choice("deno", "ws"),
  },
  dataDir: {
    name: "TITAN_DATA_DIR",
    default: "./data",
    meaning: "everything Titan keeps",
    value: directory(),
  },
  store: {
    name: "TITAN_STORE",
    default: "kv",
    meaning: "kv: Deno KV in the data directory; memory: nothing outlives the process",
    value: choice("kv", "memory"),
  },
  jwtSecret: {
    name: "TITAN_JWT_SECRET",
    default: "made once in the data directory",
    meaning: "the HS256 secret that signs tokens",
    value: secret(),
    unset: { value: undefined },
    secret: true,
  },
  jwtMaxAgeSeconds: {
    name: "TITAN_JWT_MAX_AGE",
    default: "90 d",
    meaning: "how long a token is valid that has a time of issue and no expiry",
    value: seconds({ min: 1, max: JWT_AGE_SECONDS_MAX }),
  },
  wsAuth: {
    name: "TITAN_WS_AUTH",
    default: "message",
    meaning: "upgrade: no WebSocket without a credential in its upgrade request",
    value: choice("message", "upgrade"),
  },
  trustProxy: {
    name: "TITAN_TRUST_PROXY",
    default: "none",
    meaning: "addresses of proxies whose X-Forwarded-For is believed",
    value: networks(),
    unset: { value: [] },
  },
  sendRate: {
    name: "TITAN_SEND_RATE",
    default: `${SEND_RATE_DEFAULT}`,
    meaning: "messages a second that one user may send; 0: no limit",
    value: decimalNumber({ min: 0, max: RATE_MAX }),
  },
  sendBurst: {
    name: "TITAN_SEND_BURST",
    default: `${SEND_BURST_DEFAULT}`,
    meaning: "messages that one user may send at once",
    value: wholeNumber({ min: 1, max: COUNT_MAX }),
  },
  mailboxMessages: {
    name: "TITAN_MAILBOX_MESSAGES",
    default: `${MAILBOX_MESSAGES_DEFAULT}`,
    meaning: "messages that may wait for one user",
    value: wholeNumber({ min: 1, max: COUNT_MAX }),
  },
  mailboxBytes: {
    name: "TITAN_MAILBOX_BYTES",
    default: `${MAILBOX_BYTES_DEFAULT / 1024 ** 2} MiB`,
    meaning: "bytes that may wait for one user",
    value: byteCount({ min: 1, max: BYTES_MAX }),
  },
  addressConnections: {
    name: "TITAN_ADDRESS_CONNECTIONS",
    default: `${ADDRESS_CONNECTIONS_DEFAULT}`,
    meaning: "connections from one address; loopback is exempt unless it is a trusted proxy",
    value: wholeNumber({ min: 1, max: CONNECTIONS_MAX }),
  },
  log: {
    name: "TITAN_LOG",
    default: "pretty on a terminal, else json",
    meaning: "how events are written",
    value: choice("pretty", "json"),
    unset: { value: undefined },
  },
  drainSeconds: {
    name: "TITAN_DRAIN",
    default: "30 s",
    meaning: "how long a drain may take",
    value: seconds({ min: 0, max: DRAIN_SECONDS_MAX }),
  },
};

/** All variables, in the order in which they are shown. */
export const VARIABLES: readonly ConfigVariable[] = Object.values(TABLE).map((row) => ({
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
  const values = Object.entries<Row<unknown>>(TABLE).map(([key, row]) => {
    const text = env(row.name) ?? "";
    const value = text === "" ? unsetValue(row) : readValue(row, text);
    if (value === undefined && text !== "") problems.push(problem(row, text));
    return [key, value] as const;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  // The type of the table pairs every key of a configuration with a row that reads its value.
  return Object.fromEntries(values) as unknown as Config;
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

function unsetValue(row: Row<unknown>): unknown {
  return row.unset === undefined ? row.value.read(row.default) : row.unset.value;
}

/** White space around a value is a slip of the editor; in a secret it may be part of it. */
function readValue(row: Row<unknown>, text: string): unknown {
  return row.value.read(row.secret ? text : text.trim());
}

function problem(row: Row<unknown>, text: string): string {
  const given = row.secret ? `a text of ${text.length} characters, not shown` : shown(text);
  return `${row.name} must be ${row.value.allowed}: it is ${given}`;
}

/** A value in quotes, short, on one line, and without the password that a URL may hold. */
function shown(text: string): string {
  const safe = text.replace(/\/\/.*@/s, "//...@");
  return JSON.stringify(
    safe.length > SHOWN_CHARS_MAX ? `${safe.slice(0, SHOWN_CHARS_MAX)}...` : safe,
  );
}
