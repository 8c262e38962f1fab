/**
 * All variables of the environment in one table; the one in `docs/operating.md` is compared with it
 * by a test.
 *
 * @module
 */
import {
  ADDRESS_CONNECTIONS_DEFAULT,
  CONNECTIONS_MAX,
  ISSUER_AUDIENCES_MAX,
  MAILBOX_BYTES_DEFAULT,
  MAILBOX_MESSAGES_DEFAULT,
  SEND_BURST_DEFAULT,
  SEND_RATE_DEFAULT,
} from "../limits.ts";
import type { Config } from "./config.ts";
import {
  byteCount,
  choice,
  type ConfigValue,
  decimalNumber,
  directory,
  host,
  name,
  names,
  networks,
  password,
  seconds,
  secrets,
  wholeNumber,
} from "./config_value.ts";
import { issuers, issuerUrl } from "./issuer_value.ts";
import { keySource } from "./keys_value.ts";
import { GOOGLE_ISSUER } from "./oidc/mod.ts";
import { PUSH_TABLE } from "./push_config.ts";

/** One variable and how it is read. */
export interface ConfigRow<T> {
  /** As in the environment. */
  readonly name: string;
  /** The default, in words or as it would be written. */
  readonly default: string;
  /** One sentence without a capital and a full stop. */
  readonly meaning: string;
  /** What may be written there. */
  readonly value: ConfigValue<NonNullable<T>>;
  /** What stands for a variable that is not set; left out where `default` can be read. */
  readonly unset?: { readonly value: T };
  /** Never show what was given. */
  readonly hidden?: true;
}

const COUNT_MAX = 1_000_000_000;
const RATE_MAX = 100_000;
const BYTES_MAX = 1024 ** 4;
const AGE_SECONDS_MAX = 10 * 366 * 24 * 3600;
const DRAIN_SECONDS_MAX = 3600;

/** All variables, by what they set. */
export const CONFIG_TABLE: { readonly [K in keyof Config]: ConfigRow<Config[K]> } = {
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
    meaning: "kv: Deno KV in the data directory; shared: one of Deno's own, for several servers; " +
      "memory: nothing outlives the process",
    value: choice("kv", "shared", "memory"),
  },
  jwtSecrets: {
    name: "TITAN_JWT_SECRET",
    default: "made once in the data directory",
    meaning: "the HS256 secrets of tokens: the first signs, all verify",
    value: secrets(),
    unset: { value: undefined },
    hidden: true,
  },
  jwtKeys: {
    name: "TITAN_JWT_KEYS",
    default: "none",
    meaning: "public keys that verify tokens of the deployment's own back end",
    value: keySource(),
    unset: { value: undefined },
    hidden: true,
  },
  jwtIssuer: {
    name: "TITAN_JWT_ISSUER",
    default: "any",
    meaning: "what iss of tokens under TITAN_JWT_KEYS has to be",
    value: name(),
    unset: { value: undefined },
  },
  jwtAudience: {
    name: "TITAN_JWT_AUDIENCE",
    default: "any",
    meaning: "what has to be in aud of tokens under TITAN_JWT_KEYS",
    value: name(),
    unset: { value: undefined },
  },
  jwtMaxAgeSeconds: {
    name: "TITAN_JWT_MAX_AGE",
    default: "90 d",
    meaning: "how long a token is valid that has a time of issue and no expiry",
    value: seconds({ min: 1, max: AGE_SECONDS_MAX }),
  },
  accessSeconds: {
    name: "TITAN_ACCESS_AGE",
    default: "1 h",
    meaning: "how long a token is valid that comes with a refresh token",
    value: seconds({ min: 1, max: AGE_SECONDS_MAX }),
  },
  refreshSeconds: {
    name: "TITAN_REFRESH_AGE",
    default: "90 d",
    meaning: "how long a refresh token is valid",
    value: seconds({ min: 1, max: AGE_SECONDS_MAX }),
  },
  deviceSeconds: {
    name: "TITAN_DEVICE_AGE",
    default: "90 d",
    meaning: "a device not seen for so long is dropped",
    value: seconds({ min: 1, max: AGE_SECONDS_MAX }),
  },
  googleClientIds: {
    name: "GOOGLE_CLIENT_ID",
    default: "none",
    meaning: "the OAuth client ids of the applications whose users sign in with Google",
    value: names(ISSUER_AUDIENCES_MAX),
    unset: { value: [] },
  },
  googleIssuer: {
    name: "TITAN_GOOGLE_ISSUER",
    default: GOOGLE_ISSUER,
    meaning: "what stands for Google, in tests",
    value: issuerUrl(),
  },
  oidc: {
    name: "TITAN_OIDC",
    default: "none",
    meaning: "other OpenID Connect issuers whose users may sign in, as JSON",
    value: issuers(),
    unset: { value: [] },
    hidden: true,
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
  ...PUSH_TABLE,
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
  logLevel: {
    name: "TITAN_LOG_LEVEL",
    default: "info",
    meaning: "events that matter less are not logged",
    value: choice("info", "warning", "error"),
  },
  adminHost: {
    name: "TITAN_ADMIN_HOST",
    default: "127.0.0.1",
    meaning: "where to listen for operators, with TITAN_ADMIN_PORT",
    value: host(),
  },
  adminPort: {
    name: "TITAN_ADMIN_PORT",
    default: "none",
    meaning: "another TCP port, for operators alone: health and metrics; 0: any free one",
    value: wholeNumber({ min: 0, max: 65_535 }),
    unset: { value: undefined },
  },
  adminToken: {
    name: "TITAN_ADMIN_TOKEN",
    default: "none",
    meaning: "the bearer token that opens /metrics and /debug/vars on the public port",
    value: password(),
    unset: { value: undefined },
    hidden: true,
  },
  drainSeconds: {
    name: "TITAN_DRAIN",
    default: "30 s",
    meaning: "how long a drain may take",
    value: seconds({ min: 0, max: DRAIN_SECONDS_MAX }),
  },
};
