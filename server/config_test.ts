import assert from "node:assert/strict";
import * as limits from "../limits.ts";
import {
  type Config,
  ConfigError,
  labelOf,
  readConfig,
  readConfiguration,
  relabelled,
  VARIABLES,
} from "./config.ts";

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

/** A pair that RFC 8291 has in its Appendix A. */
const VAPID = {
  publicKey:
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
  privateKey: "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
};

const DEFAULTS: Config = {
  port: 3000,
  host: "127.0.0.1",
  listener: "deno",
  dataDir: "./data",
  store: "kv",
  jwtSecrets: undefined,
  jwtKeys: undefined,
  jwtIssuer: undefined,
  jwtAudience: undefined,
  jwtMaxAgeSeconds: 90 * 24 * 3600,
  accessSeconds: 3600,
  refreshSeconds: 90 * 24 * 3600,
  deviceSeconds: 90 * 24 * 3600,
  googleClientIds: [],
  googleIssuer: "https://accounts.google.com",
  oidc: [],
  wsAuth: "message",
  trustProxy: [],
  sendRate: limits.SEND_RATE_DEFAULT,
  sendBurst: limits.SEND_BURST_DEFAULT,
  mailboxMessages: limits.MAILBOX_MESSAGES_DEFAULT,
  mailboxBytes: limits.MAILBOX_BYTES_DEFAULT,
  googleCredentials: undefined,
  fcmUrl: undefined,
  apnsKey: undefined,
  apnsKeyId: undefined,
  apnsTeamId: undefined,
  apnsTopic: undefined,
  apnsUrl: "production",
  vapidPublic: undefined,
  vapidPrivate: undefined,
  vapidSubject: undefined,
  pushOrigins: [],
  pushContent: "sender",
  addressConnections: limits.ADDRESS_CONNECTIONS_DEFAULT,
  log: undefined,
  logLevel: "info",
  adminHost: "127.0.0.1",
  adminPort: undefined,
  adminToken: undefined,
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
    TITAN_JWT_SECRET: " sécret ,old",
    TITAN_JWT_KEYS: "https://acme.example/keys",
    TITAN_JWT_ISSUER: "https://acme.example",
    TITAN_JWT_AUDIENCE: "titan",
    TITAN_JWT_MAX_AGE: "3600",
    TITAN_ACCESS_AGE: "10 min",
    TITAN_REFRESH_AGE: "30 d",
    TITAN_DEVICE_AGE: "60 d",
    GOOGLE_CLIENT_ID: "1-a.apps.googleusercontent.com, 2-b.apps.googleusercontent.com",
    TITAN_GOOGLE_ISSUER: "http://127.0.0.1:8080",
    TITAN_OIDC: '[{"name":"acme","issuer":"https://acme.example/","audience":"titan"}]',
    TITAN_WS_AUTH: "upgrade",
    TITAN_TRUST_PROXY: "10.0.0.0/8, ::1",
    TITAN_SEND_RATE: "0.5",
    TITAN_SEND_BURST: "10",
    TITAN_MAILBOX_MESSAGES: "5",
    TITAN_MAILBOX_BYTES: "2 MiB",
    GOOGLE_APPLICATION_CREDENTIALS: "/etc/titan/firebase.json",
    TITAN_FCM_URL: "https://localhost:8443",
    TITAN_APNS_KEY: "/etc/titan/key.p8",
    TITAN_APNS_KEY_ID: "ABCDE12345",
    TITAN_APNS_TEAM_ID: "TEAM123456",
    TITAN_APNS_TOPIC: "org.example.chat",
    TITAN_APNS_URL: "sandbox",
    TITAN_VAPID_PUBLIC: VAPID.publicKey,
    TITAN_VAPID_PRIVATE: VAPID.privateKey,
    TITAN_VAPID_SUBJECT: "mailto:ops@x.example",
    TITAN_PUSH_ORIGINS: "https://push.internal:8443",
    TITAN_PUSH_CONTENT: "text",
    TITAN_ADDRESS_CONNECTIONS: "7",
    TITAN_LOG: "json",
    TITAN_LOG_LEVEL: "warning",
    TITAN_ADMIN_HOST: "::1",
    TITAN_ADMIN_PORT: "9090",
    TITAN_ADMIN_TOKEN: "0123456789abcdef0123456789abcdef",
    TITAN_DRAIN: "5 s",
  });
  assert.deepEqual(config, {
    port: 0,
    host: "::",
    listener: "ws",
    dataDir: "/var/lib/titan",
    store: "memory",
    jwtSecrets: [new TextEncoder().encode("sécret"), new TextEncoder().encode("old")],
    jwtKeys: { kind: "url", url: "https://acme.example/keys" },
    jwtIssuer: "https://acme.example",
    jwtAudience: "titan",
    jwtMaxAgeSeconds: 3600,
    accessSeconds: 600,
    refreshSeconds: 30 * 24 * 3600,
    deviceSeconds: 60 * 24 * 3600,
    googleClientIds: ["1-a.apps.googleusercontent.com", "2-b.apps.googleusercontent.com"],
    googleIssuer: "http://127.0.0.1:8080",
    oidc: [{ name: "acme", issuer: "https://acme.example/", audiences: ["titan"] }],
    wsAuth: "upgrade",
    trustProxy: ["10.0.0.0/8", "::1"],
    sendRate: 0.5,
    sendBurst: 10,
    mailboxMessages: 5,
    mailboxBytes: 2 * 1024 * 1024,
    googleCredentials: "/etc/titan/firebase.json",
    fcmUrl: new URL("https://localhost:8443"),
    apnsKey: { kind: "path", path: "/etc/titan/key.p8" },
    apnsKeyId: "ABCDE12345",
    apnsTeamId: "TEAM123456",
    apnsTopic: "org.example.chat",
    apnsUrl: "sandbox",
    vapidPublic: VAPID.publicKey,
    vapidPrivate: VAPID.privateKey,
    vapidSubject: "mailto:ops@x.example",
    pushOrigins: ["https://push.internal:8443"],
    pushContent: "text",
    addressConnections: 7,
    log: "json",
    logLevel: "warning",
    adminHost: "::1",
    adminPort: 9090,
    adminToken: "0123456789abcdef0123456789abcdef",
    drainSeconds: 5,
  });
});

Deno.test("readConfig() reads values with white space around them, as editors leave it", () => {
  assert.equal(read({ PORT: " 8080\r" }).port, 8080);
  assert.equal(read({ TITAN_STORE: "memory\n" }).store, "memory");
});

Deno.test("readConfig() wants a secret where the store is shared: there is no directory for one", () => {
  assert.deepEqual(problems({ TITAN_STORE: "shared" }), [
    'TITAN_JWT_SECRET must be set where TITAN_STORE is "shared"',
  ]);
  const TITAN_JWT_SECRET = "x".repeat(32);
  assert.equal(read({ TITAN_STORE: "shared", TITAN_JWT_SECRET }).store, "shared");
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
    TITAN_JWT_SECRET: [" ", ",", "a,", ",a", "a, ,b", "x,".repeat(limits.SIGNATURE_KEYS_MAX) + "x"],
    TITAN_JWT_KEYS: [
      "acme",
      "http://acme.example/keys",
      "{}",
      '{"keys":[]}',
      '{"kty":"oct","k":"AA"}',
    ],
    TITAN_JWT_ISSUER: [" ", "a b"],
    TITAN_JWT_AUDIENCE: ["a b"],
    TITAN_JWT_MAX_AGE: ["0", "-5", "1 year", "1.5", "99999999999"],
    TITAN_ACCESS_AGE: ["0", "soon", "4000 d"],
    TITAN_REFRESH_AGE: ["0", "4000 d"],
    TITAN_DEVICE_AGE: ["0", "4000 d"],
    GOOGLE_CLIENT_ID: [",", "x,".repeat(limits.ISSUER_AUDIENCES_MAX) + "x"],
    TITAN_GOOGLE_ISSUER: ["accounts.google.com", "http://accounts.google.com", "https://a?b"],
    TITAN_OIDC: ["acme", "{}", "[{}]", '[{"name":"google","issuer":"https://a","audience":"b"}]'],
    TITAN_WS_AUTH: ["none"],
    TITAN_TRUST_PROXY: [",", "proxy.example", "10.0.0.0/33", "10.0.0.1,x"],
    TITAN_SEND_RATE: ["-1", "fast", "100001", "1e3", ".5"],
    TITAN_SEND_BURST: ["0", "1.5"],
    TITAN_MAILBOX_MESSAGES: ["0", "1.5", "-1"],
    TITAN_MAILBOX_BYTES: ["0", "64 MB", "MiB", "1.5 GiB", "2048 GiB", "1 constructor"],
    GOOGLE_APPLICATION_CREDENTIALS: [" ", "a\0b"],
    TITAN_FCM_URL: ["fcm.googleapis.com", "http://localhost", "https://localhost/v1"],
    TITAN_APNS_URL: ["Sandbox", "api.push.apple.com", "http://localhost"],
    TITAN_PUSH_ORIGINS: [",", "push.internal", "https://push.internal/a"],
    TITAN_PUSH_CONTENT: ["all", "None"],
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
  const secrets = read({ TITAN_JWT_SECRET: "x,".repeat(limits.SIGNATURE_KEYS_MAX - 1) + "x" });
  assert.equal(secrets.jwtSecrets?.length, limits.SIGNATURE_KEYS_MAX);
  const ids = read({ GOOGLE_CLIENT_ID: "x,".repeat(limits.ISSUER_AUDIENCES_MAX - 1) + "x" });
  assert.equal(ids.googleClientIds.length, limits.ISSUER_AUDIENCES_MAX);
  assert.equal(read({ TITAN_ACCESS_AGE: "1" }).accessSeconds, 1);
  assert.equal(read({ TITAN_REFRESH_AGE: "3660 d" }).refreshSeconds, 3660 * 24 * 3600);
  assert.equal(read({ TITAN_DRAIN: "0" }).drainSeconds, 0);
  assert.equal(read({ TITAN_DRAIN: "60min" }).drainSeconds, 3600);
  assert.equal(read({ TITAN_DRAIN: "30s" }).drainSeconds, 30);
  const most = `${limits.CONNECTIONS_MAX}`;
  assert.equal(read({ TITAN_ADDRESS_CONNECTIONS: most }).addressConnections, 100_000);
});

Deno.test("readConfig() refuses rules for tokens under keys where there are no keys", () => {
  const rules = { TITAN_JWT_ISSUER: "https://acme.example", TITAN_JWT_AUDIENCE: "titan" };
  assert.deepEqual(problems(rules), [
    "TITAN_JWT_ISSUER must be left out without TITAN_JWT_KEYS",
    "TITAN_JWT_AUDIENCE must be left out without TITAN_JWT_KEYS",
  ]);
  // A mistake in the keys is the only one that is told.
  assert.equal(problems({ ...rules, TITAN_JWT_KEYS: "acme" }).length, 1);
  assert.equal(read({ ...rules, TITAN_JWT_KEYS: "https://acme.example" }).jwtAudience, "titan");
});

Deno.test("readConfig() shows no secret in a mistake", () => {
  const [blank = ""] = problems({ TITAN_JWT_SECRET: "\t \t" });
  assert.equal(
    blank,
    "TITAN_JWT_SECRET must be at most 10 texts that are not blank, separated by commas: " +
      "it is a text of 3 characters, not shown",
  );
  const hidden = "abracadabra";
  const wrong: Readonly<Record<string, readonly string[]>> = {
    TITAN_JWT_SECRET: [`${hidden},`],
    TITAN_JWT_KEYS: [
      hidden,
      `'{"kty":"oct","k":"${hidden}"}'`,
      `{"kty":"oct","k":"${hidden}"}`,
      `{"kty":"OKP","crv":"Ed25519","x":"${"A".repeat(43)}","d":"${hidden}"}`,
      `{"${hidden}":1}`,
      `https://user:${hidden}@acme.example/keys`,
    ],
    TITAN_OIDC: [
      `[{"name":"acme","issuer":"https://a","audience":"b","client_secret":"${hidden}"}]`,
      `[{"name":"acme","issuer":"https://a","audience":"b","${hidden}":1}]`,
      `{"${hidden}":1}`,
    ],
    TITAN_GOOGLE_ISSUER: [`https://user:${hidden}@acme.example`],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.ok(!`${problems({ [name]: value })}`.includes(hidden), value);
    }
  }
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
  const inWords = new Set([
    "TITAN_JWT_SECRET",
    "TITAN_JWT_KEYS",
    "TITAN_JWT_ISSUER",
    "TITAN_JWT_AUDIENCE",
    "GOOGLE_CLIENT_ID",
    "TITAN_OIDC",
    "TITAN_TRUST_PROXY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "TITAN_FCM_URL",
    "TITAN_APNS_KEY",
    "TITAN_APNS_KEY_ID",
    "TITAN_APNS_TEAM_ID",
    "TITAN_APNS_TOPIC",
    "TITAN_VAPID_PUBLIC",
    "TITAN_VAPID_PRIVATE",
    "TITAN_VAPID_SUBJECT",
    "TITAN_PUSH_ORIGINS",
    "TITAN_LOG",
    "TITAN_ADMIN_PORT",
    "TITAN_ADMIN_TOKEN",
  ]);
  for (const variable of VARIABLES) {
    assert.ok(variable.meaning !== "" && variable.allowed !== "", variable.name);
    if (inWords.has(variable.name)) continue;
    assert.deepEqual(read({ [variable.name]: variable.default }), DEFAULTS, variable.name);
  }
});

Deno.test("readConfig() takes no TITAN_ADMIN_TOKEN that can be guessed, and does not show it", () => {
  for (const token of ["hunter2", "x".repeat(31), `${"x".repeat(40)} y`, "\u00e9".repeat(40)]) {
    assert.throws(() => read({ TITAN_ADMIN_TOKEN: token }), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, /TITAN_ADMIN_TOKEN must be a text of at least 32/);
      return !error.message.includes(token);
    });
  }
});

/** What is read from variables and from the keys of a file. */
function configuration(
  variables: Readonly<Record<string, string>>,
  keys: Readonly<Record<string, unknown>>,
) {
  const map = new Map(Object.entries(variables));
  const values = new Map(Object.entries(keys));
  const file = { path: "titan.toml", values, problems: [], isPublic: false };
  return readConfiguration({ env: (name) => map.get(name), names: [...map.keys()], file });
}

Deno.test("readConfiguration() takes what the environment leaves out from the file", () => {
  const { config, settings, path } = configuration({ PORT: "8080", TITAN_HOST: "" }, {
    port: 9090,
    host: "::1",
    "send_rate": 0.5,
  });
  assert.deepEqual(config, { ...DEFAULTS, port: 8080, host: "::1", sendRate: 0.5 });
  assert.equal(path, "titan.toml");
  const from = new Map(settings.map(({ variable, from, label }) => [variable, [from, label]]));
  assert.deepEqual(from.get("PORT"), ["environment", "PORT"]);
  assert.deepEqual(from.get("TITAN_HOST"), ["file", "titan.toml: host"]);
  assert.deepEqual(from.get("TITAN_STORE"), ["default", "TITAN_STORE"]);
});

Deno.test("readConfiguration() reads the same from a file as from variables", () => {
  const variables = {
    PORT: "0",
    TITAN_LISTENER: "ws",
    TITAN_JWT_SECRET: "one, two",
    TITAN_JWT_KEYS:
      '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
    TITAN_OIDC: '[{"name":"acme","issuer":"https://acme.example/","audience":["a","b"]}]',
    TITAN_TRUST_PROXY: "10.0.0.0/8, ::1",
    TITAN_SEND_RATE: "0.5",
    TITAN_MAILBOX_BYTES: "1000000000000",
    TITAN_DRAIN: "5 s",
    GOOGLE_CLIENT_ID: "one,two",
    TITAN_PUSH_ORIGINS: "https://push.internal",
  };
  const keys = {
    port: 0,
    listener: "ws",
    "jwt_secret": ["one", "two"],
    "jwt_keys": JSON.parse(variables.TITAN_JWT_KEYS),
    oidc: JSON.parse(variables.TITAN_OIDC),
    "trust_proxy": ["10.0.0.0/8", "::1"],
    "send_rate": 0.5,
    "mailbox_bytes": 1e12,
    drain: "5 s",
    "google_client_id": ["one", "two"],
    "push_origins": ["https://push.internal"],
  };
  assert.deepEqual(configuration({}, keys).config, read(variables));
  const texts = Object.entries(variables).map(([name, text]) =>
    [VARIABLES.find((variable) => variable.name === name)?.key ?? "", text] as const
  );
  assert.deepEqual(configuration({}, Object.fromEntries(texts)).config, read(variables));
});

Deno.test("readConfiguration() reports the mistakes of environment and file together", () => {
  const { config, problems } = configuration({ PORT: "x", TITAN_APNS_TOPIC: "a" }, {
    port: 70_000,
    host: 5,
    listener: true,
    drain: [1],
    hots: "::1",
    TITAN_STORE: "kv",
    push: { content: "none" },
    "jwt_issuer": "acme",
  });
  assert.equal(config, undefined);
  assert.deepEqual(problems, [
    'PORT must be a whole number from 0 to 65535: it is "x"',
    'titan.toml: port must be a whole number from 0 to 65535: it is "70000"',
    "titan.toml: host must be a host name or an IP address: it is a number",
    'titan.toml: listener must be "deno" or "ws": it is "true"',
    "titan.toml: drain must be a number of seconds from 0 to 3600, or one with s, min, h or d: " +
    "it is a list, or has an entry that is no text without commas",
    "titan.toml: hots means nothing to Titan: it may be meant as host",
    "titan.toml: TITAN_STORE means nothing to Titan: it may be meant as store",
    "titan.toml: [push] must go: settings stand in no table",
    "titan.toml: jwt_issuer must be left out without TITAN_JWT_KEYS",
    "TITAN_APNS_KEY must be set where TITAN_APNS_TOPIC is",
    "TITAN_APNS_KEY_ID must be set where TITAN_APNS_TOPIC is",
    "TITAN_APNS_TEAM_ID must be set where TITAN_APNS_TOPIC is",
  ]);
});

Deno.test("relabelled() and labelOf() name mistakes as what they are about is written", () => {
  const { settings } = configuration({}, { "apns_key": "key.p8" });
  assert.deepEqual(
    relabelled({ settings }, ["TITAN_APNS_KEY must be right", "TITAN_STORE must be right"]),
    ["titan.toml: apns_key must be right", "TITAN_STORE must be right"],
  );
  assert.equal(labelOf({ settings }, "TITAN_APNS_KEY"), "titan.toml: apns_key");
  assert.equal(labelOf({ settings }, "TITAN_STORE"), "TITAN_STORE");
});

Deno.test("readConfiguration() tells no secret, whatever is wrong with it", () => {
  const hidden = "hunter2";
  const wrong = [hidden, `${hidden},`, [hidden, 1], { [hidden]: hidden }, [{ name: hidden }], [[
    hidden,
  ]]];
  for (const { name, key, secret } of VARIABLES) {
    if (!secret) continue;
    for (const value of wrong) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      for (
        const told of [configuration({}, { [key]: value }), configuration({ [name]: text }, {})]
      ) {
        const { problems, warnings, settings } = told;
        assert.ok(!JSON.stringify({ problems, warnings, settings }).includes(hidden), name);
      }
    }
    const { problems } = configuration({ [`${name}_FILE`]: `/${hidden}` }, {});
    assert.ok(problems.length > 0 && !problems.join().includes(hidden), name);
  }
});

Deno.test("readConfiguration() shows no secret that stands where something else belongs", () => {
  const { publicKey, privateKey } = VAPID;
  const account = '{"private_key":"-----BEGIN PRIVATE KEY-----"}';
  const misplaced: readonly Readonly<Record<string, string>>[] = [
    { TITAN_VAPID_PUBLIC: privateKey, TITAN_VAPID_PRIVATE: publicKey },
    { GOOGLE_APPLICATION_CREDENTIALS: account },
  ];
  for (const variables of misplaced) {
    const env = (name: string) => new Map(Object.entries(variables)).get(name);
    const { problems } = readConfiguration({ env, names: [] });
    const [name = ""] = Object.keys(variables);
    assert.ok(problems.some((problem) => problem.startsWith(`${name} must be `)), name);
    const told = problems.join();
    assert.ok(!told.includes(privateKey) && !told.includes("BEGIN"), told);
  }
});
