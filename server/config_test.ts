import assert from "node:assert/strict";
import * as limits from "../limits.ts";
import { type Config, ConfigError, readConfig, unknownVariables, VARIABLES } from "./config.ts";

/** Reads a configuration from some variables. */
function read(variables: Readonly<Record<string, string>>): Config {
  const map = new Map(Object.entries(variables));
  return readConfig((name) => map.get(name));
}

/** Expects a configuration to be refused and answers the mistakes that were found. */
function problems(variables: Readonly<Record<string, string>>): readonly string[] {
  try {
    read(variables);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems;
  }
  assert.fail(`expected a refusal of ${JSON.stringify(variables)}`);
}

const DEFAULTS: Config = {
  port: 3000,
  host: "127.0.0.1",
  listener: "deno",
  dataDir: "./data",
  store: "kv",
  jwtSecret: undefined,
  jwtMaxAgeSeconds: 90 * 24 * 3600,
  wsAuth: "message",
  trustProxy: [],
  sendRate: limits.SEND_RATE_DEFAULT,
  sendBurst: limits.SEND_BURST_DEFAULT,
  mailboxMessages: limits.MAILBOX_MESSAGES_DEFAULT,
  mailboxBytes: limits.MAILBOX_BYTES_DEFAULT,
  addressConnections: limits.ADDRESS_CONNECTIONS_DEFAULT,
  log: undefined,
  drainSeconds: 30,
};

Deno.test("readConfig() has a default for everything", () => {
  assert.deepEqual(read({}), DEFAULTS);
});

Deno.test("readConfig() takes an empty variable as not set", () => {
  assert.deepEqual(read(Object.fromEntries(VARIABLES.map(({ name }) => [name, ""]))), DEFAULTS);
});

Deno.test("readConfig() reads every variable", () => {
  const config = read({
    PORT: "0",
    TITAN_HOST: "::",
    TITAN_LISTENER: "ws",
    TITAN_DATA_DIR: "/var/lib/titan",
    TITAN_STORE: "memory",
    TITAN_JWT_SECRET: " sécret ",
    TITAN_JWT_MAX_AGE: "3600",
    TITAN_WS_AUTH: "upgrade",
    TITAN_TRUST_PROXY: "10.0.0.0/8, ::1",
    TITAN_SEND_RATE: "0.5",
    TITAN_SEND_BURST: "10",
    TITAN_MAILBOX_MESSAGES: "5",
    TITAN_MAILBOX_BYTES: "2 MiB",
    TITAN_ADDRESS_CONNECTIONS: "7",
    TITAN_LOG: "json",
    TITAN_DRAIN: "5 s",
  });
  assert.deepEqual(config, {
    port: 0,
    host: "::",
    listener: "ws",
    dataDir: "/var/lib/titan",
    store: "memory",
    jwtSecret: new TextEncoder().encode(" sécret "),
    jwtMaxAgeSeconds: 3600,
    wsAuth: "upgrade",
    trustProxy: ["10.0.0.0/8", "::1"],
    sendRate: 0.5,
    sendBurst: 10,
    mailboxMessages: 5,
    mailboxBytes: 2 * 1024 * 1024,
    addressConnections: 7,
    log: "json",
    drainSeconds: 5,
  });
});

Deno.test("readConfig() reads values with white space around them, as editors leave it", () => {
  assert.equal(read({ PORT: " 8080\r" }).port, 8080);
  assert.equal(read({ TITAN_STORE: "memory\n" }).store, "memory");
});

Deno.test("readConfig() reports all mistakes at once, each with its variable", () => {
  const found = problems({
    PORT: "65536",
    TITAN_LISTENER: "node",
    TITAN_STORE: "memory",
    TITAN_SEND_BURST: "0",
    TITAN_DRAIN: "soon",
  });
  assert.deepEqual(found, [
    'PORT must be a whole number from 0 to 65535: it is "65536"',
    'TITAN_LISTENER must be "deno" or "ws": it is "node"',
    'TITAN_SEND_BURST must be a whole number from 1 to 1000000000: it is "0"',
    "TITAN_DRAIN must be a number of seconds from 0 to 3600, or one with s, min, h or d: " +
    'it is "soon"',
  ]);
});

Deno.test("readConfig() refuses what is not allowed in each variable", () => {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    PORT: [" ", "-1", "65536", "80.5", "0x50", "1e3", "http", "constructor"],
    TITAN_HOST: ["a b", "http://here", "-x", "[]", "here:80"],
    TITAN_LISTENER: ["DENO", "ws,deno", "__proto__"],
    TITAN_DATA_DIR: [" ", "a\0b"],
    TITAN_STORE: ["KV", "toString"],
    TITAN_JWT_MAX_AGE: ["0", "-5", "1 year", "1.5", "99999999999"],
    TITAN_WS_AUTH: ["none"],
    TITAN_TRUST_PROXY: [",", "proxy.example", "10.0.0.0/33", "10.0.0.1,x"],
    TITAN_SEND_RATE: ["-1", "fast", "100001", "1e3", ".5"],
    TITAN_SEND_BURST: ["0", "1.5"],
    TITAN_MAILBOX_MESSAGES: ["0", "1.5", "-1"],
    TITAN_MAILBOX_BYTES: ["0", "64 MB", "MiB", "1.5 GiB", "2048 GiB", "1 constructor"],
    TITAN_ADDRESS_CONNECTIONS: ["0", `${limits.CONNECTIONS_MAX + 1}`],
    TITAN_LOG: ["auto", "PRETTY"],
    TITAN_DRAIN: ["3601", "2 h", "-1", "s"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const [problem = "", ...others] = problems({ [name]: value });
      assert.ok(problem.startsWith(`${name} must be `), problem);
      assert.deepEqual(others, []);
    }
  }
});

Deno.test("readConfig() reads values at their limits", () => {
  assert.equal(read({ PORT: "65535" }).port, 65_535);
  assert.equal(read({ TITAN_HOST: "[::1]" }).host, "::1");
  assert.equal(read({ TITAN_HOST: "titan.example.org" }).host, "titan.example.org");
  assert.equal(read({ TITAN_SEND_RATE: "0" }).sendRate, 0);
  assert.equal(read({ TITAN_SEND_RATE: "100000" }).sendRate, 100_000);
  assert.equal(read({ TITAN_MAILBOX_BYTES: "1" }).mailboxBytes, 1);
  assert.equal(read({ TITAN_MAILBOX_BYTES: "100KiB" }).mailboxBytes, 102_400);
  assert.equal(read({ TITAN_MAILBOX_BYTES: "1024 gib" }).mailboxBytes, 1024 ** 4);
  assert.equal(read({ TITAN_DRAIN: "0" }).drainSeconds, 0);
  assert.equal(read({ TITAN_DRAIN: "60min" }).drainSeconds, 3600);
  assert.equal(read({ TITAN_DRAIN: "30s" }).drainSeconds, 30);
  const most = `${limits.CONNECTIONS_MAX}`;
  assert.equal(read({ TITAN_ADDRESS_CONNECTIONS: most }).addressConnections, 100_000);
});

Deno.test("readConfig() shows no secret in a mistake", () => {
  const [blank = ""] = problems({ TITAN_JWT_SECRET: "\t \t" });
  assert.equal(
    blank,
    "TITAN_JWT_SECRET must be a text that is not blank: it is a text of 3 characters, not shown",
  );
  const [store = ""] = problems({ TITAN_STORE: "nats://user:p@ss/word@host:4222" });
  assert.match(store, /"nats:\/\/\.\.\.@host:4222"$/);
});

Deno.test("readConfig() shows a wrong value short and on one line", () => {
  const [long = ""] = problems({ TITAN_STORE: "x".repeat(1_000) });
  assert.ok(long.length < 150, long);
  const [lines = ""] = problems({ TITAN_STORE: "a\nb\u001b[31m" });
  assert.match(lines, /"a\\nb\\u001b\[31m"$/);
});

Deno.test("VARIABLES names each variable once, and what can be written as its default is", () => {
  const names = VARIABLES.map((variable) => variable.name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(names.length, Object.keys(DEFAULTS).length);
  const inWords = new Set(["TITAN_JWT_SECRET", "TITAN_TRUST_PROXY", "TITAN_LOG"]);
  for (const variable of VARIABLES) {
    assert.ok(variable.meaning !== "" && variable.allowed !== "", variable.name);
    if (inWords.has(variable.name)) continue;
    assert.deepEqual(read({ [variable.name]: variable.default }), DEFAULTS, variable.name);
  }
});

Deno.test("unknownVariables() finds misspelt variables and what may have been meant", () => {
  const names = ["PATH", "PORT", "TITAN_STORE", "TITAN_MAILBOX_BYTE", "TITAN_TRUSTED_PROXY"];
  assert.deepEqual(unknownVariables(names), [
    { name: "TITAN_MAILBOX_BYTE", nearest: "TITAN_MAILBOX_BYTES" },
    { name: "TITAN_TRUSTED_PROXY", nearest: "TITAN_TRUST_PROXY" },
  ]);
  assert.deepEqual(unknownVariables(VARIABLES.map(({ name }) => name)), []);
});
