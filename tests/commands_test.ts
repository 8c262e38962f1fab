/**
 * The command line as its users see it: real processes, their output and their exit codes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../deno.json" with { type: "json" };
import { RPC_ERRORS } from "../rpc/mod.ts";
import { openKvStore } from "../store/kv/mod.ts";
import { type AnsweredError, TestClient } from "./harness/client.ts";
import { makeToken, type ServerProcess, startServer } from "./harness/server_process.ts";
import { type Ended, runTitan, TitanProcess } from "./harness/titan_process.ts";

type Env = Readonly<Record<string, string>>;

/** A data directory that is not made yet, and commands that use it. */
async function scratch() {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  const dataDir = join(root, "data");
  return {
    root,
    dataDir,
    titan: (args: readonly string[], env: Env = {}, stdin = "") =>
      runTitan({ dataDir, args, env, stdin }),
    start: (args: readonly string[], env: Env = {}) => new TitanProcess({ dataDir, args, env }),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Expects a command to have ended well, and answers what it printed. */
function done({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return stdout;
}

/** Expects a command to have ended with a code, and answers the one line it said. */
function refused({ code, stdout, stderr }: Ended, expected: number): string {
  assert.equal(code, expected, `${stdout}\n${stderr}`);
  assert.equal(stdout, "");
  const [, line] = /^titan: (.+)\n$/.exec(stderr) ?? [];
  assert.ok(line !== undefined, `not one line: ${stderr}`);
  return line;
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/")));
}

async function mode(path: string): Promise<string> {
  return ((await Deno.lstat(path)).mode ?? 0).toString(8).slice(-3);
}

Deno.test("titan shows what it can do", async () => {
  await using place = await scratch();
  const [help, version, none] = await Promise.all([
    place.titan(["--help"]),
    place.titan(["--version"]),
    place.titan([]),
  ]);
  const names = ["serve", "token", "revoke", "user", "push", "chat", "doctor", "health"];
  for (const command of [...names, "backup", "restore", "check"]) {
    assert.match(done(help), new RegExp(`^ {2}${command}\\b`, "m"));
  }
  assert.equal(done(version), `${config.version}\n`);
  assert.equal(none.code, 2);
  assert.equal(none.stderr, help.stdout);
});

Deno.test("titan says in one line what is wrong with a command", async () => {
  await using place = await scratch();
  const wrong: readonly [args: readonly string[], line: RegExp][] = [
    [["sevre"], /^unknown command 'sevre' \(Did you mean serve\?\)$/],
    [["serve", "--port", "1"], /^unknown option '--port'/],
    [["token"], /^missing required argument 'user'$/],
    [["token", "a b"], /^"a b" cannot be a user id$/],
    [["token", "alice", "--ttl", "5w"], /^Option --ttl must be .*: it is "5w"$/],
    [["token", "alice", "--device", "a b"], /^"a b" cannot be a device id$/],
    [["user", "add", "echo"], /^"echo" is a bot/],
    [["user", "add", "alice", "--email", "no\u001bwhere"], /^Option --email cannot be "no/],
    [["user", "list", "--limit", "0"], /--limit.*whole number from 1 to 1000/],
    [["user", "list", "--email", "nowhere"], /^Option --email cannot be "nowhere"$/],
    [["user", "list", "--email", "a@b", "--after", "c"], /--email.* cannot be used with.*--after/],
    [["user", "update", "alice"], /^Say what to change: --name, --no-name, --picture or /],
    [["user", "update", "a", "--name", "Z", "--no-name"], /--name' cannot .* '--no-name'$/],
    [["user", "update", "a", "--no-picture", "--picture", "x"], /'--picture' cannot be used/],
    [["user", "update", "alice", "--name", "a\nb"], /^Option --name must be .*: it is "a\\nb"$/],
    [
      ["user", "update", "alice", "--picture", "http://a"],
      /^Option --picture must be an https URL/,
    ],
    [["user", "logout", "a b"], /^"a b" cannot be a user id$/],
    [["user", "export"], /^missing required argument 'user'$/],
    [["revoke", "one", "two"], /^Give one token or id, and no more$/],
    [["revoke", "one", "--for", "5w"], /^Option --for must be .*: it is "5w"$/],
    [["revoke", "-"], /^Standard input must hold one token or id, and no more$/],
    [["user", "remove", "alice"], /^Option --yes is needed where there is no terminal$/],
    [["user", "remove", "alice", "--device", "old"], /^Option --yes is needed where/],
    [["user", "remove", "alice", "--device", "", "--yes"], /^"" cannot be a device id$/],
    [["doctor", "--device", "alice"], /^Option --device takes a user and a device$/],
    [["doctor", "--device", "alice", "a b"], /^"a b" cannot be a device id$/],
    [["doctor", "--device", "alice", "phone", "--wait", "11m"], /^Option --wait must be .* 600 s:/],
    [["doctor", "--wait", "5s"], /^Option --wait is for --device$/],
    [["chat", "bob"], /^Say who you are: --user USER, or a token in TITAN_TOKEN$/],
    [["chat", "--user", "a", "--token", "b"], /^Options --user and --token exclude each other$/],
    [["chat", "--user", "a", "--url", "x"], /^Option --url must be as ws:.*: it is "x"$/],
  ];
  // Not all at once: the machine may be small.
  for (let at = 0; at < wrong.length; at += 4) {
    await Promise.all(
      wrong.slice(at, at + 4).map(async ([args, line]) => {
        assert.match(refused(await place.titan(args), 2), line);
      }),
    );
  }
  await assert.rejects(Deno.stat(place.dataDir), Deno.errors.NotFound);
});

Deno.test("titan push keys prints a new key pair each time, and needs nothing", async () => {
  await using place = await scratch();
  const lines = /^TITAN_VAPID_PUBLIC=[\w-]{87}\nTITAN_VAPID_PRIVATE=[\w-]{43}\n$/;
  const [one, other] = [await place.titan(["push", "keys"]), await place.titan(["push", "keys"])];
  assert.match(done(one), lines);
  assert.match(done(other), lines);
  assert.notEqual(one.stdout, other.stdout);
  const json = JSON.parse(done(await place.titan(["push", "keys", "--json"])));
  assert.deepEqual(Object.keys(json), ["publicKey", "privateKey"]);
  await assert.rejects(Deno.stat(place.dataDir), Deno.errors.NotFound);
});

Deno.test("titan serve says what is wrong with the files of push services", async () => {
  await using place = await scratch();
  const key = join(place.dataDir, "key.p8");
  await Deno.mkdir(place.dataDir);
  await Deno.writeTextFile(key, "s3cr3t", { mode: 0o600 });
  const { code, stdout, stderr } = await place.titan(["serve"], {
    PORT: "0",
    GOOGLE_APPLICATION_CREDENTIALS: join(place.root, "firebase.json"),
    TITAN_APNS_KEY: key,
    TITAN_APNS_KEY_ID: "ABC123DEFG",
    TITAN_APNS_TEAM_ID: "DEF123GHIJ",
    TITAN_APNS_TOPIC: "org.example.chat",
  });
  assert.deepEqual([code, stdout], [2, ""]);
  const [credentials = "", apns = "", ...more] = stderr.trimEnd().split("\n");
  assert.deepEqual(more, []);
  assert.match(credentials, /^titan: GOOGLE_APPLICATION_CREDENTIALS must .*--allow-read=PATH, or/);
  assert.match(apns, /^titan: TITAN_APNS_KEY must be .*: it is not a P-256 key/);
});

Deno.test("titan serve reports all mistakes of the configuration at once", async () => {
  await using place = await scratch();
  const env = { PORT: "x", TITAN_STORE: "disk", TITAN_JWT_MAX_AGE: "never" };
  const { code, stdout, stderr } = await place.titan(["serve"], env);
  assert.deepEqual([code, stdout], [2, ""]);
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 3, stderr);
  assert.match(lines[0] ?? "", /^titan: PORT must be .*: it is "x"$/);
  assert.match(lines[1] ?? "", /^titan: TITAN_STORE must be .*: it is "disk"$/);
  assert.match(lines[2] ?? "", /^titan: TITAN_JWT_MAX_AGE must be .*: it is "never"$/);
});

Deno.test("titan token prints a token and nothing else, without a server", async () => {
  await using place = await scratch();
  const before = Math.floor(Date.now() / 1000);
  const stdout = done(await place.titan(["token", "Alice", "--ttl", "15m", "--device", "phone"]));
  assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const claims = claimsOf(stdout);
  assert.deepEqual([claims["sub"], claims["did"]], ["alice", "phone"]);
  assert.equal(Number(claims["exp"]) - Number(claims["iat"]), 900);
  assert.ok(Number(claims["iat"]) >= before);
  assert.equal(await mode(place.dataDir), "700");
  assert.equal(await mode(join(place.dataDir, "jwt.secret")), "600");
});

Deno.test("titan token takes the secret of the environment", async () => {
  await using place = await scratch();
  const secret = "a secret of at least thirty-two bytes";
  const token = done(await place.titan(["token", "alice"], { TITAN_JWT_SECRET: secret })).trim();
  const expires = Number(claimsOf(token)["exp"]) - Number(claimsOf(token)["iat"]);
  assert.equal(expires, 30 * 24 * 3600);
  await assert.rejects(Deno.stat(place.dataDir), Deno.errors.NotFound);
  await using server = await startServer({ env: { TITAN_JWT_SECRET: secret } });
  await using client = await TestClient.connect(server.url, { token });
  assert.equal(client.welcome?.user, "alice");
});

Deno.test("titan serve says that it is ready, once, and where", async () => {
  await using server = await startServer({ env: { TITAN_STROE: "kv", TITAN_JWT_SECRET: "short" } });
  const { url, store, listener, version, path } = await server.logged("ready");
  assert.deepEqual(
    { store, listener, version, path },
    { store: "kv", listener: "deno", version: config.version, path: server.dataDir },
  );
  assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+$/);
  const { variable, nearest } = await server.logged("unknown variable");
  assert.deepEqual([variable, nearest], ["TITAN_STROE", "TITAN_STORE"]);
  await server.logged("weak secret");
  const lines = server.output().trimEnd().split("\n");
  assert.equal(lines.length, 3, server.output());
  for (const file of ["titan.kv", "titan.lock", "operator.sock"]) {
    assert.equal(await mode(join(server.dataDir, file)), "600", file);
  }
});

Deno.test("titan serve warns of a network without TLS", async () => {
  await using server = await startServer({ env: { TITAN_HOST: "0.0.0.0" } });
  assert.equal((await server.logged("no TLS"))["address"], "0.0.0.0");
});

Deno.test("titan serve warns of figures that other machines can read", async () => {
  const env = { TITAN_ADMIN_HOST: "0.0.0.0", TITAN_ADMIN_PORT: "0" };
  await using server = await startServer({ env });
  assert.equal((await server.logged("operators' listener open"))["address"], "0.0.0.0");
});

Deno.test("titan serve says so where another issuer stands for Google", async () => {
  const env = { GOOGLE_CLIENT_ID: "app", TITAN_GOOGLE_ISSUER: "http://127.0.0.1:9" };
  await using server = await startServer({ env });
  assert.equal((await server.logged("google issuer changed"))["url"], "http://127.0.0.1:9");
});

Deno.test("titan serve refuses a data directory that another server uses", async () => {
  await using server = await startServer();
  const { dataDir, pid } = server;
  const second = await runTitan({ dataDir, args: ["serve"], env: { PORT: "0" } });
  assert.equal(
    refused(second, 1),
    `Cannot use the data directory "${dataDir}": process ${pid} uses it`,
  );
  await using client = await TestClient.connect(server.url, { token: await server.token("alice") });
  assert.ok(client.isOpen);
});

Deno.test("titan serve refuses a port that another program listens on", async () => {
  await using place = await scratch();
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  for (const listener of ["deno", "ws"]) {
    const env = { PORT: `${port}`, TITAN_LISTENER: listener };
    assert.equal(
      refused(await place.titan(["serve"], env), 1),
      `Cannot listen on 127.0.0.1 port ${port}: another program listens there`,
    );
  }
});

Deno.test("titan serve refuses a database that is none", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.dataDir);
  await Deno.writeTextFile(join(place.dataDir, "titan.kv"), "not a database".repeat(1000));
  const line = refused(await place.titan(["serve"], { PORT: "0" }), 1);
  assert.match(line, /^Cannot open the store in ".*data": file is not a database$/);
});

Deno.test("titan serve stops in order, and its place can be taken", async () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    await using place = await scratch();
    const { dataDir } = place;
    await using server = await startServer({ dataDir });
    const token = await server.token("alice");
    await using client = await TestClient.connect(server.url, { token });
    const { code, stderr } = await server.stop(signal);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal((await client.closed).code, 4101);
    assert.equal((await server.logged("stopping"))["signal"], signal);
    await server.logged("stopped");
    await assert.rejects(Deno.lstat(join(dataDir, "operator.sock")), Deno.errors.NotFound);
    await using next = await startServer({ dataDir });
    await using back = await TestClient.connect(next.url, { token });
    assert.ok(back.isOpen);
  }
});

Deno.test("titan serve starts where another was killed", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  await using killed = await startServer({ dataDir });
  assert.equal((await killed.stop("SIGKILL")).signal, "SIGKILL");
  assert.ok((await Deno.lstat(join(dataDir, "operator.sock"))).isSocket);
  await using _server = await startServer({ dataDir });
  assert.equal(done(await place.titan(["user", "add", "alice"])), "Added alice\n");
});

Deno.test("titan serve names a fault, and ends", async () => {
  await using server = await startServer({
    denoArgs: ["--preload=tests/harness/fault_on_signal.ts"],
  });
  const { code } = await server.stop("SIGUSR1");
  assert.equal(code, 70);
  const { error } = await server.logged("fault");
  assert.equal((error as { name: string }).name, "TypeError");
  assert.doesNotMatch(server.output(), /somebody's message/);
});

Deno.test("titan serve starts with a directory whose name is too long for a socket", async () => {
  await using place = await scratch();
  const dataDir = join(place.root, "d".repeat(110));
  await using server = await startServer({ dataDir });
  await server.logged("no operator socket");
  const line = refused(await runTitan({ dataDir, args: ["user", "list"] }), 1);
  assert.match(line, new RegExp(`: process ${server.pid} uses it. Stop it first: `));
  assert.equal((await server.stop()).code, 0);
  assert.match(done(await runTitan({ dataDir, args: ["user", "list"] })), /^USER/);
});

/** What `titan user` does to users, whoever keeps them. */
async function testUsers(titan: (args: readonly string[]) => Promise<Ended>): Promise<void> {
  const add = ["user", "add", "Bob", "--name", "Bob B", "--email", "bob@example.com", "--json"];
  const { registered, ...bob } = JSON.parse(done(await titan(add)));
  assert.deepEqual(bob, { id: "bob", name: "Bob B", email: "bob@example.com" });
  assert.match(registered, /^\d{4}-.*Z$/);
  assert.equal(refused(await titan(["user", "add", "bob"]), 1), 'User "bob" exists already');
  assert.equal(done(await titan(["user", "add", "älice/ü"])), "Added älice/ü\n");

  assert.deepEqual(JSON.parse(done(await titan(["user", "show", "bob", "--json"]))), {
    ...bob,
    registered,
    waiting: { messages: 0, bytes: 0 },
    devices: [],
  });
  assert.match(done(await titan(["user", "show", "älice/ü"])), /^user +älice\/ü\n/);
  assert.equal(refused(await titan(["user", "show", "carl"]), 1), 'There is no user "carl"');

  const first = await titan(["user", "list", "--limit", "1"]);
  assert.match(done(first), /^USER +NAME +EMAIL +REGISTERED\nbob +Bob B +bob@example.com +\d.*\n$/);
  assert.equal(first.stderr, "More with --after bob\n");
  const rest = JSON.parse(done(await titan(["user", "list", "--after", "bob", "--json"])));
  assert.deepEqual(rest.users.map(({ id }: { id: string }) => id), ["älice/ü"]);
  assert.equal(rest.next, null);

  await testChanges(titan);
  assert.equal(done(await titan(["user", "remove", "bob", "--yes"])), "Removed bob\n");
  const again = await titan(["user", "remove", "bob", "--yes"]);
  assert.equal(refused(again, 1), 'There is no user "bob"');
}

/** The same, of what changes bob and of what finds him. */
async function testChanges(titan: (args: readonly string[]) => Promise<Ended>): Promise<void> {
  const picture = "https://example.com/bob.png";
  const update = ["user", "update", "Bob", "--no-name", "--picture", picture];
  assert.equal(done(await titan(update)), "Updated bob\n");
  const { registered, ...bob } = JSON.parse(
    done(await titan(["user", "update", "bob", "--name", "Bob 😀", "--json"])),
  );
  assert.deepEqual(bob, { id: "bob", name: "Bob 😀", email: "bob@example.com", picture });
  const nobody = await titan(["user", "update", "carl", "--no-name"]);
  assert.equal(refused(nobody, 1), 'There is no user "carl"');

  const find = ["user", "list", "--email", "BOB@Example.com"];
  assert.match(done(await titan(find)), /^USER .*\nbob +Bob 😀 +bob@example.com +\d.*\n$/);
  assert.deepEqual(JSON.parse(done(await titan([...find, "--json"]))), {
    users: [{ ...bob, registered }],
    next: null,
  });

  const exported = JSON.parse(done(await titan(["user", "export", "bob"])));
  assert.deepEqual(exported, { user: { ...bob, registered }, devices: [], messages: [] });
  assert.equal(refused(await titan(["user", "export", "carl"]), 1), 'There is no user "carl"');

  // Nobody here is called so.
  assert.equal(done(await titan(["user", "logout", ".."])), "Logged out ..\n");
  const { user } = JSON.parse(done(await titan(["user", "logout", "Constructor", "--json"])));
  assert.equal(user, "constructor");
}

Deno.test("titan user works on the data directory where no server runs", async () => {
  await using place = await scratch();
  await testUsers((args) => place.titan(args));
});

Deno.test("titan user asks the server where one runs", async () => {
  await using server = await startServer();
  const { dataDir } = server;
  await testUsers((args) => runTitan({ dataDir, args }));
});

Deno.test("titan user shows devices and what waits, and removes a user who is connected", async () => {
  await using server = await startServer({ env: { TITAN_STORE: "memory" } });
  const { dataDir } = server;
  const titan = (args: readonly string[]) => runTitan({ dataDir, args });
  const options = { token: await server.token("bob"), device: "phone", acknowledge: false };
  await using bob = await TestClient.connect(server.url, options);
  await bob.sendMessage("bob", "to myself");
  const shown = JSON.parse(done(await titan(["user", "show", "bob", "--json"])));
  assert.equal(shown.waiting.messages, 1);
  assert.deepEqual(
    shown.devices.map(({ id, online }: { id: string; online: boolean }) => [id, online]),
    [["phone", true]],
  );
  assert.match(done(await titan(["user", "show", "bob"])), /^phone +- +- +\d.* yes$/m);
  done(await titan(["user", "remove", "bob", "--yes"]));
  assert.equal((await bob.closed).code, 4410);
});

Deno.test("titan user show tells what devices say of themselves, and no push token", async () => {
  await using server = await startServer();
  const { dataDir } = server;
  await using bob = await TestClient.connect(server.url, { token: await server.token("bob") });
  await bob.request("device.register", {
    device: "default",
    platform: "android",
    name: "Bob's phone",
    push: { provider: "fcm", token: "secret-push-token" },
  });
  const show = (...args: readonly string[]) =>
    runTitan({ dataDir, args: ["user", "show", "bob", ...args] });
  const table = done(await show());
  assert.match(table, /^default +android +Bob's phone +\d.* +fcm +- +yes$/m);
  const json = done(await show("--json"));
  const [{ platform, name, push }] = JSON.parse(json).devices;
  assert.deepEqual([platform, name, push], ["android", "Bob's phone", "fcm"]);
  assert.doesNotMatch(table + json, /secret-push-token/);
});

/** Expects that a token no longer signs in, since it was revoked. */
async function assertRevoked(url: string, token: string): Promise<void> {
  await assert.rejects(TestClient.connect(url, { token }), (error: AnsweredError) => {
    assert.equal(error.code, RPC_ERRORS.bad_credential.code);
    assert.match(error.message, /revoked/);
    return true;
  });
}

Deno.test("titan user logout ends connections and refuses the tokens of before", async () => {
  await using server = await startServer();
  const { dataDir, url } = server;
  const [old, other] = [await server.token("alice"), await server.token("bob")];
  await using alice = await TestClient.connect(url, { token: old });
  await using bob = await TestClient.connect(url, { token: other });
  const logout = ["user", "logout", "Alice"];
  assert.equal(done(await runTitan({ dataDir, args: logout })), "Logged out alice\n");
  assert.equal((await alice.closed).code, 4401);
  assert.ok(bob.isOpen);
  await assertRevoked(url, old);
  await using back = await TestClient.connect(url, { token: await server.token("alice") });
  assert.ok(back.isOpen);
});

Deno.test("titan user logout and titan revoke work where no server runs", async () => {
  await using place = await scratch();
  const { dataDir, titan } = place;
  const tokens = [];
  for (const user of ["alice", "bob", "carl"]) {
    tokens.push(done(await titan(["token", user])).trim());
  }
  const [alice = "", bob = "", carl = ""] = tokens;
  assert.equal(done(await titan(["user", "logout", "alice"])), "Logged out alice\n");
  assert.match(done(await titan(["revoke", "-"], {}, `${bob}\n`)), /^Revoked /);
  await using server = await startServer({ dataDir });
  await assertRevoked(server.url, alice);
  await assertRevoked(server.url, bob);
  await using client = await TestClient.connect(server.url, { token: carl });
  assert.ok(client.isOpen);
});

Deno.test("titan revoke refuses one token, given whole or by its id, and prints none", async () => {
  await using server = await startServer();
  const { dataDir, url } = server;
  const tokens = [];
  for (let n = 0; n < 3; n++) tokens.push(await server.token("alice"));
  const [first = "", second = "", third = ""] = tokens;
  const printed: string[] = [];
  const revoke = async (args: readonly string[], stdin?: string) => {
    const ended = await runTitan({ dataDir, args: ["revoke", ...args], ...(stdin && { stdin }) });
    printed.push(ended.stdout, ended.stderr);
    return ended;
  };
  await using one = await TestClient.connect(url, { token: first, device: "one" });
  await using two = await TestClient.connect(url, { token: second, device: "two" });
  await using three = await TestClient.connect(url, { token: third, device: "three" });

  const { jti, exp } = claimsOf(first);
  const byToken = JSON.parse(done(await revoke(["-", "--json"], `${first}\n`)));
  assert.deepEqual(byToken, {
    id: jti,
    until: new Date(Math.round(Number(exp) * 1000)).toISOString(),
  });
  assert.equal((await one.closed).code, 4401);
  const id = String(claimsOf(second)["jti"]);
  const line = done(await revoke(["--for", "1d", "--", id]));
  assert.ok(line.startsWith(`Revoked ${id} until `), line);
  assert.equal((await two.closed).code, 4401);
  assert.ok(three.isOpen);
  for (const token of [first, second]) await assertRevoked(url, token);

  // Wrong ones are not printed either.
  refused(await revoke([third.slice(0, -50)]), 2);
  refused(await revoke([third, third]), 2);
  refused(await revoke([third, "--for", "1d"]), 2);
  assert.ok(three.isOpen);
  done(await revoke([third]));
  assert.equal((await three.closed).code, 4401);
  for (const part of tokens.flatMap((token) => token.split("."))) {
    assert.ok(!printed.join("").includes(part));
  }
});

/** Texts that fill more than one page of an export, and no more than bob may be sent at once. */
const TEXTS = Array.from({ length: 40 }, (_, n) => `${n} 😀 "quoted"\n${"é".repeat(4000)}`);

/** Has a device of bob's refuse the first message that waits for him, as often as it takes. */
async function setAside(dataDir: string): Promise<void> {
  await using store = await openKvStore(join(dataDir, "titan.kv"), {
    clock: { now: () => Date.now(), monotonic: () => 0, after: () => () => {} },
    limits: { mailboxMessages: 1000, mailboxBytes: 1024 ** 2, backlogBytes: 1024 ** 2 },
    owner: { instance: "test" },
    epoch: "test",
    lost: () => assert.fail("somebody else opened the store"),
    failed: (error) => assert.fail(`the store failed: ${error}`),
  });
  const read = { messages: 1, bytes: 1 };
  const { entries: [entry] } = await store.mailboxes.read("bob", "", 0, read);
  assert.ok(entry);
  await store.mailboxes.setAside("bob", "tty", entry);
}

/** What `titan user export` writes of bob, whoever keeps it. */
async function testExport(
  place: Awaited<ReturnType<typeof scratch>>,
  ids: readonly string[],
  asides: number,
) {
  const { titan, dataDir, root } = place;
  const stdout = done(await titan(["user", "export", "bob"]));
  const { user, devices, messages } = JSON.parse(stdout);
  assert.equal(user.id, "bob");
  assert.match(user.registered, /^\d{4}-.*Z$/);
  assert.deepEqual(devices.map(({ device }: { device: string }) => device), ["default"]);
  const kept = messages.slice(0, ids.length);
  assert.deepEqual(kept.map(({ id }: { id: string }) => id), ids);
  assert.deepEqual(kept.map(({ message }: { message: string }) => message), TEXTS);
  // The set aside ones come last, and these wait for another device too.
  const expected = kept.slice(0, asides).map((message: object) => ({
    ...message,
    setAside: { device: "tty" },
  }));
  assert.deepEqual(messages.slice(ids.length), expected);
  const [{ kind, from, to, accepted, expires }] = messages;
  assert.deepEqual([kind, from, to], ["message", "ann", "bob"]);
  assert.ok(Date.parse(accepted) < Date.parse(expires));

  const output = join(dataDir, "bob.json");
  const exportTo = (path: string) => titan(["user", "export", "bob", "--output", path]);
  assert.equal(
    done(await exportTo(output)),
    `Exported bob to ${output}: ${40 + asides} messages\n`,
  );
  assert.equal(await Deno.readTextFile(output), stdout);
  assert.equal(await mode(output), "600");
  assert.match(refused(await exportTo(output), 1), /^Cannot write ".*": it exists already$/);
  assert.equal(await Deno.readTextFile(output), stdout);
  const outside = refused(await exportTo(join(root, "bob.json")), 1);
  assert.match(outside, /: Titan may not write there; leave --output out/);
  const unknown = await titan(["user", "export", "carl", "--output", join(dataDir, "carl.json")]);
  assert.equal(refused(unknown, 1), 'There is no user "carl"');
  await assert.rejects(Deno.stat(join(dataDir, "carl.json")), Deno.errors.NotFound);
  await Deno.remove(output);
}

Deno.test("titan user export writes everything of a user, with and without a server", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  const ids: string[] = [];
  {
    await using server = await startServer({ dataDir });
    const { url } = server;
    await using _bob = await TestClient.connect(url, {
      token: await server.token("bob"),
      acknowledge: false,
    });
    await using ann = await TestClient.connect(url, { token: await server.token("ann") });
    for (const text of TEXTS) ids.push(await ann.sendMessage("bob", text));
    await testExport(place, ids, 0);
    await server.stop();
  }
  await setAside(dataDir);
  await testExport(place, ids, 1);
});

/** The devices of bob and how much waits for him, as a command shows them. */
async function bobOf(titan: (args: readonly string[]) => Promise<Ended>) {
  const { devices, waiting } = JSON.parse(done(await titan(["user", "show", "bob", "--json"])));
  return {
    devices: devices.map(({ id }: { id: string }) => id),
    waiting: waiting.messages,
  };
}

/** What `titan user remove --device` does with a device that bob has, whoever keeps it. */
async function testDeviceRemoval(
  titan: (args: readonly string[]) => Promise<Ended>,
): Promise<void> {
  const remove = (user: string, device: string) =>
    titan(["user", "remove", user, "--device", device, "--yes"]);
  assert.equal(refused(await remove("carl", "dead"), 1), 'There is no user "carl"');
  assert.equal(refused(await remove("bob", "DEAD"), 1), 'User "bob" has no device "DEAD"');
  assert.equal(done(await remove("Bob", "dead")), "Removed device dead of bob\n");
  assert.equal(refused(await remove("bob", "dead"), 1), 'User "bob" has no device "dead"');
}

/** Signs bob in on ten devices. Of two messages one is read by all of them but "dead". */
async function tenDevices(server: ServerProcess): Promise<void> {
  const token = await server.token("bob");
  const names = ["dead", ...Array.from({ length: 9 }, (_, n) => `d${n}`)];
  const enter = (device: string, acknowledge: boolean) =>
    TestClient.connect(server.url, { token, device, acknowledge });
  for (const device of names) await (await enter(device, false)).close();
  await using sender = await TestClient.connect(server.url, { token: await server.token("ann") });
  await sender.sendMessage("bob", "one");
  for (const device of names.slice(1)) {
    await using client = await enter(device, true);
    await client.until(() => client.empties > 0 || undefined, "queue.empty");
  }
  await sender.sendMessage("bob", "two");
  await assert.rejects(enter("eleventh", true), { code: RPC_ERRORS.too_many_devices.code });
}

/** An eleventh device has room, and gets what the others have not read. */
async function testEleventh(server: ServerProcess): Promise<void> {
  const token = await server.token("bob");
  await using client = await TestClient.connect(server.url, { token, device: "eleventh" });
  await client.until(() => client.empties > 0 || undefined, "queue.empty");
  assert.deepEqual(client.messages.map(({ message }) => message), ["two"]);
}

Deno.test("titan user removes a device of a running server, which holds nothing back any more", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  await using server = await startServer({ dataDir });
  await tenDevices(server);
  await using dead = await TestClient.connect(server.url, {
    token: await server.token("bob"),
    device: "dead",
    acknowledge: false,
  });
  await using other = await TestClient.connect(server.url, {
    token: await server.token("bob"),
    device: "d0",
    acknowledge: false,
  });
  assert.equal((await bobOf(place.titan)).waiting, 2);
  await testDeviceRemoval(place.titan);
  assert.equal((await dead.closed).code, 4410);
  assert.ok(other.isOpen);
  const { devices, waiting } = await bobOf(place.titan);
  assert.deepEqual([devices.length, devices.includes("dead"), waiting], [9, false, 1]);
  await testEleventh(server);
  // It stays removed.
  await server.stop("SIGKILL");
  const { devices: after } = await bobOf(place.titan);
  assert.deepEqual([after.length, after.includes("dead"), after.includes("eleventh")], [
    10,
    false,
    true,
  ]);
});

Deno.test("titan user removes a device where no server runs", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  {
    await using server = await startServer({ dataDir });
    await tenDevices(server);
    await server.stop();
  }
  assert.equal((await bobOf(place.titan)).waiting, 2);
  await testDeviceRemoval(place.titan);
  const { devices, waiting } = await bobOf(place.titan);
  assert.deepEqual([devices.length, devices.includes("dead"), waiting], [9, false, 1]);
  await using server = await startServer({ dataDir });
  await testEleventh(server);
});

Deno.test("titan user says where there is nobody to ask", async () => {
  await using place = await scratch();
  assert.match(
    refused(await place.titan(["user", "list"]), 1),
    /^There is no data directory ".*data"$/,
  );
  const memory = await place.titan(["user", "add", "bob"], { TITAN_STORE: "memory" });
  assert.match(refused(memory, 1), /^No server runs, and a store in memory ends with its server$/);
});

/** The lines of messages that a chat has printed, without their times. */
function messagesOf(stdout: string): string[] {
  return stdout.trimEnd().split("\n").map((line) => line.replace(/^\[[\d :-]+\] /, ""));
}

Deno.test("titan chat lets two people talk, and tells nobody else", async () => {
  await using server = await startServer();
  const { dataDir, url } = server;
  const aliceToken = await server.token("alice");
  const env = { TITAN_TOKEN: aliceToken };
  await using alice = new TitanProcess({ dataDir, args: ["chat", "--url", url], env });
  await alice.until(
    (_, err) => /Signed in as alice .* 0 messages wait/.test(err) || undefined,
    "alice",
  );
  const bobArgs = ["chat", "alice", "--user", "bob", "--url", url, "--device", "tty"];
  await using bob = new TitanProcess({ dataDir, args: bobArgs });
  await bob.write("Good morning 😀\n");
  await alice.until((out) => /bob: Good morning 😀\n/.test(out) || undefined, "bob's message");
  await bob.until((_, err) => /#1 to alice: delivered\n/.test(err) || undefined, "the receipt");
  await alice.write("/to bob\nGood \u001b[31mevening\n");
  await bob.until((out) => /alice: Good ␛\[31mevening\n/.test(out) || undefined, "alice's message");
  await alice.until((_, err) => /#1 to bob: delivered\n/.test(err) || undefined, "the receipt");
  for (const chat of [alice, bob]) {
    await chat.endInput();
    assert.equal((await chat.ended).code, 0);
  }
  await server.stop();
  assert.doesNotMatch(server.output(), /morning|evening/);
  assert.ok(!server.output().includes(aliceToken.split(".")[2] ?? ""));
  assert.ok(!server.output().includes(aliceToken.split(".")[1] ?? ""));
});

Deno.test("titan chat sends its input, and prints what waits", async () => {
  await using server = await startServer();
  const { dataDir } = server;
  const env = { PORT: new URL(server.url).port };
  const chat = (args: readonly string[], stdin: string) =>
    runTitan({ dataDir, args: ["chat", ...args], env, stdin });
  done(await runTitan({ dataDir, args: ["user", "add", "bob"] }));
  done(await runTitan({ dataDir, args: ["user", "add", "carl"] }));
  const sent = await chat(["--user", "alice", "bob"], "hello\n\n/to carl\nand you\n//slash");
  assert.equal(done(sent), "");
  assert.match(sent.stderr, /#3 to carl: sent\n$/);
  assert.deepEqual(messagesOf(done(await chat(["--user", "bob"], ""))), ["alice: hello"]);
  assert.deepEqual(messagesOf(done(await chat(["--user", "carl"], ""))), [
    "alice: and you",
    "alice: /slash",
  ]);
  // Acknowledged, so they do not come again.
  assert.equal(done(await chat(["--user", "bob"], "")), "");
});

Deno.test("titan chat ends with 1 where a line is refused", async () => {
  await using server = await startServer();
  const { dataDir, url } = server;
  const args = ["chat", "--user", "alice", "--url", url, "nobody"];
  const { code, stderr } = await runTitan({ dataDir, args, stdin: "hello\n" });
  assert.equal(code, 1);
  assert.match(stderr, /#1 to nobody: refused: Receiver does not exist\n/);
});

Deno.test("titan chat sends more than its user may at once, in order", async () => {
  await using server = await startServer({
    env: { TITAN_SEND_RATE: "1000", TITAN_SEND_BURST: "10" },
  });
  const { dataDir, url } = server;
  const lines = Array.from({ length: 350 }, (_, index) => `line ${index}`);
  const args = ["chat", "--user", "alice", "--url", url, "alice"];
  const stdout = done(await runTitan({ dataDir, args, stdin: lines.join("\n") }));
  // What is sent while others still come is shown where there is time for it.
  const rest = done(await runTitan({ dataDir, args: args.slice(0, -1), stdin: "" }));
  const got = messagesOf(stdout + rest).filter((line) => line !== "");
  assert.deepEqual(got, lines.map((line) => `alice: ${line}`));
});

Deno.test("titan chat goes on after the server was killed, and sends nothing twice", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  await using first = await startServer({ dataDir });
  const { port } = new URL(first.url);
  await using bob = await TestClient.connect(first.url, { token: await first.token("bob") });
  await using chat = place.start(["chat", "--user", "alice", "bob"], { PORT: port });
  await chat.write("before\n");
  await chat.until((_, err) => /#1 to bob: sent\n/.test(err) || undefined, "the first message");
  await bob.received(1);
  await first.stop("SIGKILL");
  await chat.until((_, err) => /Connection lost/.test(err) || undefined, "the loss");
  await chat.write("meanwhile\n");
  await using second = await startServer({ dataDir, env: { PORT: port } });
  await chat.until(
    (_, err) => /#2 to bob: sent\n/.test(err) || undefined,
    "the second message",
    60_000,
  );
  await chat.endInput();
  assert.equal((await chat.ended).code, 0);
  await using again = await TestClient.connect(second.url, { token: await second.token("bob") });
  const texts = (await again.received(1)).map(({ message }) => message);
  // The first may come again, since its acknowledgement need not be on disk yet.
  assert.deepEqual(texts.filter((text) => text !== "before"), ["meanwhile"]);
});

Deno.test("titan chat ends where another takes its place", async () => {
  await using server = await startServer();
  const { dataDir, url } = server;
  await using chat = new TitanProcess({ dataDir, args: ["chat", "--user", "alice", "--url", url] });
  await chat.until((_, err) => /Signed in/.test(err) || undefined, "the sign-in");
  await using _other = await TestClient.connect(url, { token: await server.token("alice") });
  const { code, stderr } = await chat.ended;
  assert.equal(code, 1);
  assert.match(stderr, /titan: Server closed the connection: Replaced by a newer connection.*\n$/);
});

Deno.test("titan chat says why it cannot begin", async () => {
  await using server = await startServer();
  const { dataDir, url } = server;
  const args = ["chat", "bob", "--url", url];
  const forged = await makeToken(dataDir, "another secret of thirty-two bytes", { user: "alice" });
  const bad = await runTitan({ dataDir, args, env: { TITAN_TOKEN: forged } });
  assert.equal(refused(bad, 1), "Server refused: Credential is not valid: bad_signature");
  await server.stop();
  const gone = await runTitan({ dataDir, args: ["chat", "--user", "alice", "--url", url] });
  assert.match(refused(gone, 1), /^Cannot connect: .*\. Is the server running\?$/);
});

Deno.test("titan chat works with every listener and every way to sign in", async () => {
  for (const listener of ["deno", "ws"]) {
    const env = { TITAN_LISTENER: listener, TITAN_WS_AUTH: "upgrade" };
    await using server = await startServer({ env });
    const { dataDir, url } = server;
    const args = ["chat", "--user", "alice", "--device", "tty", "--url", url, "echo"];
    const { stderr, ...sent } = await runTitan({ dataDir, args, stdin: "hello\n" });
    done({ stderr, ...sent });
    assert.match(stderr, /^Signed in as alice on device tty: /);
    assert.match(stderr, /#1 to echo: sent/);
  }
});

Deno.test("titan says that what it prints has no place, and calls that no fault", async () => {
  await using place = await scratch();
  const launcher = ["env", "sh", "-c", 'exec "$0" "$@" > /dev/full'];
  for (const args of [["token", "alice"], ["config", "example"], ["--help"]]) {
    const line = refused(await runTitan({ dataDir: place.dataDir, args, launcher }), 1);
    assert.match(line, /^Cannot write: No space left on device/);
  }
});
