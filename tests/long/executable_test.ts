/**
 * The executable, made as its users make it, and run where there is nothing.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { FAKE_TOPIC, FakeApns } from "../../push/apns/fake_apns.ts";
import { TEST_CA } from "../../push/contract/test_certificate.ts";
import { LocalFcm } from "../../push/fcm/contract/local_fcm.ts";
import { makeTestAccount } from "../../push/fcm/contract/test_account.ts";
import { systemClock, systemRandom } from "../../server/clock.ts";
import { TestClient } from "../harness/client.ts";
import { EmptyPlace, runBare } from "../harness/empty_place.ts";
import { makeExecutable, namesIn } from "../harness/executable.ts";
import { type ServerProcess, startServer } from "../harness/server_process.ts";
import { type Ended, runTitan, TitanProcess } from "../harness/titan_process.ts";
import { Changes } from "../harness/wait_for.ts";

function done({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return stdout;
}

/** Two people talk through a server that is stopped and started meanwhile. All of it is one file. */
async function talk(executable: string): Promise<void> {
  await using place = await EmptyPlace.make();
  const dataDir = join(place.dir, "data");
  const launch = place.sealed(executable);
  const run = (...args: string[]) => runTitan({ dataDir, args, launch });
  assert.equal(done(await run("--version")), `${config.version}\n`);
  let port: string;
  {
    await using server = await startServer({ dataDir, launch });
    port = new URL(server.url).port;
    if (place.canSeal) await assertSealed(server);
    const ready = await server.logged("ready");
    assert.equal(ready["version"], config.version);
    const chat = (user: string, to: string) =>
      new TitanProcess({
        dataDir,
        args: ["chat", "--user", user, "--url", server.url, to],
        launch: place.sealed(executable, server.pid),
      });
    await using alice = chat("alice", "bob");
    await alice.until((_, err) => /Signed in as alice/.test(err) || undefined, "alice");
    {
      await using bob = chat("bob", "alice");
      await bob.write("Good morning 😀\n");
      await alice.until((out) => /bob: Good morning 😀\n/.test(out) || undefined, "the message");
      await bob.until((_, err) => /#1 to alice: delivered\n/.test(err) || undefined, "the receipt");
      await bob.endInput();
      assert.equal((await bob.ended).code, 0);
    }
    await alice.write("For when you are back\n");
    await alice.until((_, err) => /#1 to bob: sent\n/.test(err) || undefined, "the ACK");
    await alice.endInput();
    assert.equal((await alice.ended).code, 0);
    done(await runTitan({ dataDir, args: ["check"], launch }));
    assert.equal((await server.stop()).code, 0);
  }
  await using server = await startServer({ dataDir, launch, env: { PORT: port } });
  const late = await runTitan({
    dataDir,
    args: ["chat", "--user", "bob", "--url", server.url],
    stdin: "",
    launch: place.sealed(executable, server.pid),
  });
  assert.match(done(late), /alice: For when you are back\n/);
  assert.equal((await server.stop()).code, 0);
  // What it keeps is in the folder, what it unpacks is in the cache, and there is nothing else.
  assert.deepEqual(await namesIn(place.dir), ["data"]);
  assert.ok(["", ".cache"].includes((await namesIn(place.home)).join()));
}

/** Looks whether a process has no network but the loopback. */
async function assertSealed({ pid }: ServerProcess): Promise<void> {
  const { stdout } = await runBare(["cat", `/proc/${pid}/net/dev`]);
  const names = [...stdout.matchAll(/^ *(\w+):/gm)].map(([, name]) => name);
  assert.deepEqual(names, ["lo"]);
}

/** All commands that read or write files, with the permissions that the executable gives them. */
async function copyData(executable: string): Promise<void> {
  await using place = await EmptyPlace.make();
  const dataDir = join(place.dir, "data");
  const launch = place.sealed(executable);
  const run = (args: string[], env: Readonly<Record<string, string>> = {}) =>
    runTitan({ dataDir, args, env, launch });
  done(await run(["user", "add", "alice"]));
  assert.match(done(await run(["token", "alice"])), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  assert.match(done(await run(["doctor"])), /\nAll is well\n$/);
  const backup = join(place.home, "backup.gz");
  done(await run(["backup", "--with-secret", backup]));
  const other = { TITAN_DATA_DIR: join(place.home, "other") };
  assert.match(done(await run(["restore", backup], other)), /^Restored /);
  assert.match(done(await run(["user", "list"], other)), /alice/);
  const settings = join(place.home, "titan.toml");
  await Deno.writeTextFile(settings, `data_dir = "${other.TITAN_DATA_DIR}"\n`);
  assert.match(done(await run(["user", "list", "--config", settings])), /alice/);
  const told = join(place.home, "alice.json");
  done(await run(["user", "export", "alice", "--output", told]));
  assert.equal(JSON.parse(await Deno.readTextFile(told)).user.id, "alice");
}

/** Its figures go through a package that is loaded at the first request for them. */
async function measure(executable: string): Promise<void> {
  await using place = await EmptyPlace.make();
  const dataDir = join(place.dir, "data");
  const env = { TITAN_ADMIN_PORT: "0" };
  await using server = await startServer({ dataDir, launch: place.open(executable), env });
  const { url } = await server.logged("operators' listener ready");
  const response = await fetch(new URL("/metrics", String(url)));
  assert.match(await response.text(), /^titan_connections 0$/m);
  assert.equal(response.status, 200);
}

/** Pushes go through a thread of their own and, with FCM, through a package that is loaded late. */
async function push(executable: string): Promise<void> {
  await using place = await EmptyPlace.make();
  await using services = await pushServices(place.home);
  const { apns, fcm, env, changes } = services;
  const dataDir = join(place.dir, "data");
  await using server = await startServer({ dataDir, env, launch: place.open(executable) });
  for (
    const [user, address] of [
      ["bob", { provider: "apns", token: apns.target(1).token, topic: FAKE_TOPIC }],
      ["carl", { provider: "fcm", token: fcm.target(1).token }],
    ] as const
  ) {
    await using phone = await TestClient.connect(server.wsUrl, {
      token: await server.token(user, { device: "phone" }),
      device: "phone",
    });
    await phone.request("device.register", { platform: "ios", push: address });
  }
  await using alice = await TestClient.connect(server.wsUrl, {
    token: await server.token("alice"),
  });
  const { info } = await alice.request("rpc.discover") as { info: { version: string } };
  assert.equal(info.version, config.version);
  const sends = ["bob", "carl"].map((to) => ({ to, message: "Wake up", urgent: true }));
  assert.deepEqual((await alice.sendMessages(sends)).rejected, []);
  const isThere = () => apns.seen.length > 0 && fcm.seen.length > 0 || undefined;
  await changes.until(isThere, "both pushes", { ms: 20_000, state: () => server.output() });
  assert.equal((await server.stop()).code, 0);
}

/** A local APNs and a local FCM, and what tells a server of them. */
async function pushServices(dir: string) {
  const changes = new Changes();
  const changed = () => changes.note();
  const options = { clock: systemClock, random: systemRandom, changed, inFlightMax: 8 };
  await using stack = new AsyncDisposableStack();
  const apns = stack.use(await FakeApns.open(options));
  const test = await makeTestAccount();
  const fcm = stack.use(await LocalFcm.open(options, test));
  const [certificate, account] = [join(dir, "ca.pem"), join(dir, "account.json")];
  await Deno.writeTextFile(certificate, TEST_CA);
  await Deno.writeTextFile(account, test.file);
  const { pem, keyId, teamId } = apns.tokens;
  const env = {
    DENO_CERT: certificate,
    GOOGLE_APPLICATION_CREDENTIALS: account,
    TITAN_FCM_URL: fcm.https.origin.href,
    TITAN_APNS_URL: apns.url,
    TITAN_APNS_KEY: pem,
    TITAN_APNS_KEY_ID: keyId,
    TITAN_APNS_TEAM_ID: teamId,
    TITAN_APNS_TOPIC: FAKE_TOPIC,
  };
  const rest = stack.move();
  return { apns, fcm, env, changes, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

/** What the first start has unpacked is mended where a part is gone, and left where it is foreign. */
async function unpack(executable: string): Promise<void> {
  await using place = await EmptyPlace.make();
  const cache = join(place.home, ".cache", "titan");
  const version = async () => {
    const { code, stdout, stderr } = await runTitan({
      dataDir: join(place.dir, "data"),
      args: ["--version"],
      launch: place.sealed(executable),
    });
    return { code, stdout, stderr };
  };
  const told = { code: 0, stdout: `${config.version}\n`, stderr: "" };
  assert.deepEqual(await version(), told);
  const [unpacked = ""] = await namesIn(cache);
  const home = join(cache, unpacked);
  for (const lost of ["release/entries/grants.js", "deno.json"]) {
    await Deno.remove(join(home, lost));
    assert.deepEqual(await version(), told);
  }
  await Deno.writeTextFile(join(home, "deno"), "#!/bin/sh\necho foreign\n");
  for (const open of [cache, home]) {
    await Deno.chmod(open, 0o777);
    const { code, stdout, stderr } = await version();
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^titan: Cannot run what is in ".+": others may write there\n$/);
    await Deno.chmod(open, 0o700);
  }
  const around = dirname(cache);
  await Deno.chmod(around, 0o777);
  const { code, stderr } = await version();
  assert.equal(code, 1, "others could move the directory away");
  assert.match(stderr, /^titan: Cannot run what is in ".+": others may write there\n$/);
  await Deno.chmod(around, 0o700);
  assert.deepEqual(await namesIn(cache), [unpacked]);
}

Deno.test("deno task compile makes one executable that needs nothing else", async (test) => {
  await using made = await makeExecutable();
  // Where Deno's release host can be reached, there are two ways to make one.
  await using other = made.kind === "compiled" ? await makeExecutable("--self-extracting") : made;
  for (const { kind, path } of new Set([made, other])) {
    await test.step(`${kind}: people talk through it, without a network`, () => talk(path));
    if (kind === "self-extracting") {
      await test.step(`${kind}: it runs nothing that others may have put there`, () =>
        unpack(path));
    }
    await test.step(`${kind}: its commands use the files that they name`, () => copyData(path));
    await test.step(`${kind}: it pushes through FCM and APNs`, () => push(path));
    await test.step(`${kind}: it tells its figures`, () => measure(path));
  }
});
