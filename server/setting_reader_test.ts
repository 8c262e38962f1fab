import assert from "node:assert/strict";
import { readConfiguration } from "./config.ts";
import type { ConfigFile, ConfigSources } from "./config_sources.ts";
import type { TextFile } from "./text_file.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** Files by their paths; any other does not exist. */
function filesOf(files: Readonly<Record<string, string>>): (path: string) => TextFile {
  const map = new Map(Object.entries(files));
  return (path) => {
    const text = map.get(path);
    if (text === undefined) return { fault: "there is no such file" };
    return { text, isPublic: path.startsWith("/open/") };
  };
}

function configFile(keys: Readonly<Record<string, unknown>>, isPublic = false): ConfigFile {
  return { path: "titan.toml", values: new Map(Object.entries(keys)), problems: [], isPublic };
}

/** Reads variables, a file and files of secrets. */
function read(
  variables: Readonly<Record<string, string>>,
  { file, files = {} }: {
    file?: ConfigSources["file"];
    files?: Readonly<Record<string, string>>;
  } = {},
) {
  const map = new Map(Object.entries(variables));
  const env = (name: string) => map.get(name);
  return readConfiguration({ env, names: [...map.keys()], file, readFile: filesOf(files) });
}

Deno.test("SettingReader.read() takes a secret from the file that a variable or a key names", () => {
  const files = { "/run/token": TOKEN };
  const byVariable = read({ TITAN_ADMIN_TOKEN_FILE: "/run/token" }, { files });
  assert.deepEqual([byVariable.config?.adminToken, byVariable.problems], [TOKEN, []]);
  const byKey = read({}, { files, file: configFile({ "admin_token_file": "/run/token" }) });
  assert.equal(byKey.config?.adminToken, TOKEN);
  assert.deepEqual([byVariable.warnings, byKey.warnings], [[], []]);
});

Deno.test("SettingReader.read() reads a secret a line, as the data directory has them", () => {
  const files = { "/run/jwt": "new one\nold one" };
  const { config } = read({ TITAN_JWT_SECRET_FILE: "/run/jwt" }, { files });
  assert.deepEqual(
    config?.jwtSecrets?.map((secret) => new TextDecoder().decode(secret)),
    ["new one", "old one"],
  );
});

Deno.test("SettingReader.read() takes a variable, or the file it names, before the file", () => {
  const file = configFile({ "admin_token_file": "/gone", port: 1 });
  const files = { "/run/token": TOKEN };
  for (const set of [{ TITAN_ADMIN_TOKEN: TOKEN }, { TITAN_ADMIN_TOKEN_FILE: "/run/token" }]) {
    const { config, problems } = read(set, { file, files });
    // What is not used is not read.
    assert.deepEqual([config?.adminToken, config?.port, problems], [TOKEN, 1, []]);
  }
});

Deno.test("SettingReader.read() takes no secret that is given twice", () => {
  const twice = { TITAN_ADMIN_TOKEN: TOKEN, TITAN_ADMIN_TOKEN_FILE: "/run/token" };
  const file = configFile({ "jwt_secret": "one", "jwt_secret_file": "/run/jwt" });
  assert.deepEqual(read(twice, { file }).problems, [
    "titan.toml: jwt_secret must be left out where titan.toml: jwt_secret_file is set",
    "TITAN_ADMIN_TOKEN must be left out where TITAN_ADMIN_TOKEN_FILE is set",
  ]);
});

Deno.test("SettingReader.read() says what is wrong with the file of a secret, and shows nothing", () => {
  const files = { "/run/hunter2": "hunter2" };
  const { problems } = read({
    TITAN_JWT_SECRET_FILE: "/gone/hunter2",
    TITAN_ADMIN_TOKEN_FILE: "/run/hunter2",
  }, { files, file: configFile({ "vapid_private_file": 7 }) });
  assert.deepEqual(problems, [
    "TITAN_JWT_SECRET_FILE must be the path of a file with the value: there is no such file",
    "titan.toml: vapid_private_file must be the path of a file: it is a number",
    "TITAN_ADMIN_TOKEN_FILE must be a text of at least 32 visible ASCII characters: " +
    "it is a text of 7 characters, not shown",
  ]);
});

Deno.test("SettingReader.read() warns of a secret that everybody may read, and tells no path", () => {
  const files = { "/open/token": TOKEN };
  const { warnings } = read({ TITAN_ADMIN_TOKEN_FILE: "/open/token" }, { files });
  assert.deepEqual(warnings, [
    { kind: "public", file: "the file that TITAN_ADMIN_TOKEN_FILE names" },
  ]);
});

Deno.test("SettingReader.read() warns of credentials that everybody may read", () => {
  const files = { "/open/fcm.json": "{}", "/open/key.p8": "key", "/run/key.p8": "key" };
  const open = { GOOGLE_APPLICATION_CREDENTIALS: "/open/fcm.json", TITAN_APNS_KEY: "/open/key.p8" };
  assert.deepEqual(
    read(open, { files }).warnings.map((warning) => warning.kind === "public" && warning.file),
    Object.keys(open).map((name) => `the file that ${name} names`),
  );
  const closed = { GOOGLE_APPLICATION_CREDENTIALS: "/gone", TITAN_APNS_KEY: "/run/key.p8" };
  assert.deepEqual(read(closed, { files }).warnings, []);
});

Deno.test("SettingReader.read() shows of a setting what may be shown", () => {
  const { settings } = read({
    TITAN_JWT_SECRET: "hunter2",
    TITAN_HOST: " ::1 ",
    TITAN_ADMIN_TOKEN_FILE: "/run/token",
  }, { files: { "/run/token": TOKEN } });
  const of = (name: string) => settings.find(({ variable }) => variable === name)?.shown;
  assert.deepEqual(
    ["TITAN_JWT_SECRET", "TITAN_ADMIN_TOKEN", "TITAN_HOST", "TITAN_OIDC", "TITAN_DRAIN"].map(of),
    ["set", "set", "::1", "none", "30 s"],
  );
  assert.ok(!JSON.stringify(settings).includes("hunter2"));
  assert.ok(!JSON.stringify(settings).includes("/run/token"));
});

Deno.test("SettingReader.lookAtNames() finds misspelt variables and what may have been meant", () => {
  const { warnings } = read({
    PATH: "/bin",
    TITAN_CONFIG: "titan.toml",
    TITAN_MAILBOX_BYTE: "1",
    TITAN_JWT_SECRET_FLIE: "",
    TITAN_VAPID_PRIVATE_FILE: "",
    GOOGLE_CLIENT_SECRET: "x",
    TITAN_GOOGLE_CLIENT_ID: "x",
    TITAN_PORT: "1",
  });
  assert.deepEqual(warnings, [
    { kind: "unknown", name: "TITAN_MAILBOX_BYTE", nearest: "TITAN_MAILBOX_BYTES" },
    { kind: "unknown", name: "TITAN_JWT_SECRET_FLIE", nearest: "TITAN_JWT_SECRET_FILE" },
    { kind: "unknown", name: "TITAN_GOOGLE_CLIENT_ID", nearest: "GOOGLE_CLIENT_ID" },
    { kind: "unknown", name: "TITAN_PORT", nearest: "PORT" },
  ]);
});

Deno.test("SettingReader.lookAtNames() takes no key of a file that it does not know", () => {
  const keys = {
    "mailbox_byte": 1,
    "a b\n": 1,
    ["x".repeat(200)]: 1,
    "__proto__key": 1,
    "port_file": "",
    "titan_port": 1,
    "TITAN_HOST": "::1",
  };
  const { problems } = read({}, { file: configFile(keys) });
  assert.deepEqual(problems.map((problem) => problem.replace(/ means nothing to Titan.*/, "")), [
    "titan.toml: mailbox_byte",
    'titan.toml: "a b\\n"',
    `titan.toml: ${"x".repeat(80)}...`,
    "titan.toml: __proto__key",
    "titan.toml: port_file",
    "titan.toml: titan_port",
    "titan.toml: TITAN_HOST",
  ]);
  assert.match(problems[0] ?? "", / to Titan: it may be meant as mailbox_bytes$/);
  assert.match(problems[5] ?? "", / to Titan: it may be meant as port$/);
  assert.match(problems[6] ?? "", / to Titan: it may be meant as host$/);
});

Deno.test("SettingReader.lookAtNames() warns of a file with a secret that everybody may read", () => {
  const { warnings } = read({}, { file: configFile({ "admin_token": TOKEN }, true) });
  assert.deepEqual(warnings, [{ kind: "public", file: "titan.toml" }]);
  for (const keys of [{ port: 1 }, { "admin_token": "" }]) {
    assert.deepEqual(read({}, { file: configFile(keys, true) }).warnings, []);
  }
});
