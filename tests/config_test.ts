/**
 * The configuration as operators see it: real processes, with variables, a file, and files of
 * secrets.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TestClient } from "./harness/client.ts";
import { runTask } from "./harness/run_task.ts";
import { makeToken, startServer } from "./harness/server_process.ts";
import { type Ended, runTitan } from "./harness/titan_process.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** A data directory with files in it, which processes may read, and commands there. */
async function scratch(files: Readonly<Record<string, string>> = {}) {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
  const at = (name: string) => join(dataDir, name);
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(at(name), text.replaceAll("DIR", dataDir), { mode: 0o600 });
  }
  return {
    dataDir,
    at,
    titan: (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      runTitan({ dataDir, args, env }),
    [Symbol.asyncDispose]: () => Deno.remove(dataDir, { recursive: true }),
  };
}

/** Expects a command to have ended with a code, and answers what it said was wrong. */
function said({ code, stderr }: Ended, expected: number): readonly string[] {
  assert.equal(code, expected, stderr);
  return stderr.split("\n").slice(0, -1).map((line) => {
    assert.ok(line.startsWith("titan: "), line);
    return line.slice("titan: ".length);
  });
}

Deno.test("titan serve takes settings of a file, and secrets of files, with its permissions", async () => {
  for (const name of ["titan.toml", "titan.json"]) {
    const settings = { log: "json", listener: "ws", "jwt_secret_file": "DIR/secret", port: 0 };
    const toml = Object.entries(settings).map(([key, value]) =>
      `${key} = ${JSON.stringify(value)}`
    );
    const text = name.endsWith("json") ? JSON.stringify(settings) : toml.join("\n");
    await using place = await scratch({ [name]: text, secret: `${TOKEN}\n` });
    const { dataDir } = place;
    const env = { PORT: "", TITAN_LOG: "" };
    const args = [`--config=${place.at(name)}`];
    await using server = await startServer({ dataDir, env, args });
    assert.equal((await server.logged("ready"))["listener"], "ws");
    assert.equal(server.output().trimEnd().split("\n").length, 1, server.output());
    const token = await makeToken(dataDir, TOKEN, { user: "alice" });
    await using client = await TestClient.connect(server.url, { token });
    assert.equal(client.welcome?.user, "alice");
    await assert.rejects(Deno.stat(join(dataDir, "jwt.secret")), Deno.errors.NotFound);
    // A command that finds the file by TITAN_CONFIG signs with the same secret.
    const printed = await place.titan(["token", "bob"], { TITAN_CONFIG: place.at(name) });
    assert.deepEqual(said(printed, 0), []);
    await using other = await TestClient.connect(server.url, { token: printed.stdout.trim() });
    assert.equal(other.welcome?.user, "bob");
  }
});

Deno.test("titan serve reports the mistakes of variables, file and secrets at once, without secrets", async () => {
  await using place = await scratch({
    "titan.toml":
      'port = "hunter2x"\njwt_secret = ["hunter2"]\nhots = "::1"\nlistener = "nodejs"\n',
    "token": "hunter2\n",
  });
  const env = {
    PORT: "99999",
    TITAN_CONFIG: place.at("titan.toml"),
    TITAN_JWT_SECRET_FILE: place.at("gone"),
    TITAN_ADMIN_TOKEN_FILE: place.at("token"),
    TITAN_STORE: "disk",
  };
  const file = place.at("titan.toml");
  const expected = [
    'PORT must be a whole number from 0 to 65535: it is "99999"',
    `${file}: port must be a whole number from 0 to 65535: it is "hunter2x"`,
    `${file}: listener must be "deno" or "ws": it is "nodejs"`,
    'TITAN_STORE must be "kv" or "shared" or "memory": it is "disk"',
    "TITAN_JWT_SECRET_FILE must be the path of a file with the value: there is no such file",
    "TITAN_ADMIN_TOKEN_FILE must be a text of at least 32 visible ASCII characters: " +
    "it is a text of 7 characters, not shown",
    `${file}: hots means nothing to Titan: it may be meant as host`,
  ];
  for (const args of [["serve"], ["config", "check"], ["config", "show"], ["token", "alice"]]) {
    const ended = await place.titan(args, env);
    assert.deepEqual([said(ended, 2), ended.stdout], [expected, ""], args.join(" "));
  }
});

Deno.test("titan serve warns of secrets that every user of the machine can read", async () => {
  await using place = await scratch({ secret: TOKEN });
  await Deno.chmod(place.at("secret"), 0o644);
  const env = { TITAN_JWT_SECRET_FILE: place.at("secret") };
  await using server = await startServer({ dataDir: place.dataDir, env });
  const { reason } = await server.logged("secret not protected");
  assert.match(String(reason), /the file that TITAN_JWT_SECRET_FILE names/);
  assert.ok(!server.output().includes(TOKEN) && !server.output().includes(place.at("secret")));
});

Deno.test("titan config check says that there are no mistakes, and what may be meant otherwise", async () => {
  await using place = await scratch({ "titan.toml": 'host = "::1"\n' });
  const file = place.at("titan.toml");
  const ended = await place.titan(["--config", file, "config", "check"], { TITAN_STROE: "kv" });
  assert.deepEqual(said(ended, 0), [
    "Warning: TITAN_STROE means nothing to Titan. It may be meant as TITAN_STORE: else unset it",
  ]);
  assert.equal(ended.stdout, `No mistakes: 1 variable is set, and 1 more in ${file}\n`);
  const json = await place.titan(["config", "check", "--json", `--config=${file}`], { PORT: "x" });
  assert.equal(json.code, 2);
  const { ok, file: told, problems, warnings } = JSON.parse(json.stdout);
  assert.deepEqual([ok, told, problems.length, warnings], [false, file, 1, []]);
});

Deno.test("titan config check reads the credentials of push services, too", async () => {
  await using place = await scratch({
    "titan.toml": 'google_application_credentials = "DIR/fcm.json"\n',
    "fcm.json": '{"private_key": "hunter2"}',
  });
  const file = place.at("titan.toml");
  for (const args of [["config", "check"], ["serve"]]) {
    const [problem = "", ...more] = said(await place.titan([...args, "--config", file]), 2);
    assert.deepEqual(more, []);
    assert.ok(problem.startsWith(`${file}: google_application_credentials must be the path`));
    assert.ok(!problem.includes("hunter2"), problem);
  }
});

Deno.test("titan config show tells where each setting is from, and no secret", async () => {
  await using place = await scratch({
    "titan.toml": `host = "::1"\nadmin_token = "${TOKEN}"\njwt_secret_file = "DIR/secret"\n`,
    secret: "hunter2hunter2",
  });
  const file = place.at("titan.toml");
  const env = { PORT: "8080" };
  const { stdout, code } = await place.titan(["config", "show", "--config", file], env);
  assert.equal(code, 0);
  const rows = stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}/));
  const of = (name: string) => rows.find(([variable]) => variable === name)?.slice(2);
  assert.deepEqual(of("PORT"), ["8080", "environment"]);
  assert.deepEqual(of("TITAN_HOST"), ["::1", `${file}: host`]);
  assert.deepEqual(of("TITAN_STORE"), ["kv", "default"]);
  assert.deepEqual(of("TITAN_ADMIN_TOKEN"), ["set", `${file}: admin_token`]);
  assert.deepEqual(of("TITAN_JWT_SECRET"), ["set", `${file}: jwt_secret_file`]);
  const json = await place.titan(["config", "show", "--json", "--config", file], env);
  const { settings } = JSON.parse(json.stdout);
  assert.equal(settings.length, rows.length - 1);
  for (const output of [stdout, json.stdout]) {
    assert.ok(!output.includes(TOKEN) && !output.includes("hunter2"), output);
  }
});

Deno.test("titan config example prints a file that titan config check accepts", async () => {
  await using place = await scratch();
  const { stdout, code } = await place.titan(["config", "example"]);
  assert.equal(code, 0);
  const file = place.at("titan.toml");
  for (const text of [stdout, stdout.replaceAll(/^#(?=\w)/gm, "")]) {
    await Deno.writeTextFile(file, text, { mode: 0o600 });
    const ended = await place.titan(["config", "check", "--config", file]);
    assert.deepEqual(said(ended, 0), []);
    assert.match(ended.stdout, /^No mistakes: 1 variable is set, and /);
  }
});

Deno.test("titan chat takes the token of a file", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  await using server = await startServer({ dataDir });
  await Deno.writeTextFile(place.at("token"), `${await server.token("alice")}\n`);
  const chat = (env: Readonly<Record<string, string>>) =>
    runTitan({ dataDir, args: ["chat", "alice", "--url", server.url], env, stdin: "hello\n" });
  const { code, stderr } = await chat({ TITAN_TOKEN_FILE: place.at("token") });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^Signed in as alice[^]*#1 to alice: delivered/);
  assert.deepEqual(said(await chat({ TITAN_TOKEN_FILE: place.at("gone") }), 2), [
    "Cannot take the token that TITAN_TOKEN_FILE names: there is no such file",
  ]);
  const both = { TITAN_TOKEN: "x", TITAN_TOKEN_FILE: place.at("token") };
  assert.deepEqual(said(await chat(both), 2), [
    "Cannot take the token that TITAN_TOKEN_FILE names: TITAN_TOKEN is set, too",
  ]);
});

Deno.test("titan says why it cannot read the file of settings, and needs none where it uses none", async () => {
  await using place = await scratch({ "broken.toml": "host = hunter2" });
  const gone = place.at("gone.toml");
  assert.deepEqual(said(await place.titan(["serve", "--config", gone]), 2), [
    `${gone}: Cannot read the file of settings: there is no such file`,
  ]);
  const broken = place.at("broken.toml");
  assert.deepEqual(said(await place.titan(["user", "list", "--config", broken]), 2), [
    `${broken}: It is not TOML, in line 1, column 8: invalid value`,
  ]);
  const elsewhere = await place.titan(["doctor", "--config", "/etc/hostname"]);
  assert.equal(elsewhere.code, 1);
  assert.match(elsewhere.stdout, /Deno was not given the permission: start it with --allow-read/);
  assert.equal((await place.titan(["push", "keys", "--config", gone])).code, 0);
  // The option wins over the variable.
  await Deno.writeTextFile(place.at("good.json"), "{}");
  const env = { TITAN_CONFIG: broken };
  const args = ["config", "check", "--config", place.at("good.json")];
  assert.deepEqual(said(await place.titan(args, env), 0), []);
  assert.equal((await place.titan(["config", "check"], env)).code, 2);
});

Deno.test("deno task titan may read what TITAN_CONFIG names, and what that names", async () => {
  await using place = await scratch({
    "titan.toml": 'data_dir = "DIR/data"\nadmin_token_file = "DIR/token"\n',
    token: TOKEN,
  });
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "titan", "user", "add", "alice"],
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    env: { TITAN_CONFIG: place.at("titan.toml"), TITAN_DATA_DIR: "" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.deepEqual([text(stdout), text(stderr), code], ["Added alice\n", "", 0]);
  assert.ok((await Deno.stat(join(place.dataDir, "data", "titan.kv"))).isFile);
});

Deno.test("titan config check tells what a server would warn of at its start", async () => {
  await using place = await scratch();
  const ended = await place.titan(["config", "check"], {
    TITAN_JWT_SECRET: "short",
    TITAN_HOST: "0.0.0.0",
  });
  assert.deepEqual(said(ended, 0), [
    "Warning: TITAN_JWT_SECRET: Shorter than 32 bytes: it may be guessed from one token",
    "Warning: TITAN_HOST: Tokens and messages cross the network in the clear: " +
    "put a TLS proxy in front",
  ]);
});

Deno.test("deno task says which path it cannot name to Deno, and no more of it", async () => {
  const run = await runTask("titan", "user", "list", { TITAN_DATA_DIR: "/nowhere/a,b" });
  assert.deepEqual([run.code, run.stdout], [1, ""]);
  assert.deepEqual(run.stderr.trimEnd().split("\n"), [
    'titan: Cannot name "/nowhere/a,b" to Deno: it has a comma',
    'titan: There is no data directory "/nowhere/a,b"',
  ]);
});
