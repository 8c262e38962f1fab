/**
 * `titan doctor` as its users see it: real processes, a real server, and a local APNs.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FAKE_TOPIC, FakeApns } from "../push/apns/fake_apns.ts";
import { TEST_CA } from "../push/contract/test_certificate.ts";
import { LocalFcm } from "../push/fcm/contract/local_fcm.ts";
import { makeTestAccount } from "../push/fcm/contract/test_account.ts";
import { generateVapidKeys } from "../push/mod.ts";
import { LocalPushService } from "../push/web/contract/local_push_service.ts";
import { systemClock, systemRandom } from "../server/clock.ts";
import { TestClient } from "./harness/client.ts";
import { LocalIssuer } from "./harness/local_issuer.ts";
import { type ServerProcess, startServer } from "./harness/server_process.ts";
import { runTitan, TitanProcess } from "./harness/titan_process.ts";
import { Changes } from "./harness/wait_for.ts";

type Env = Readonly<Record<string, string>>;

/** A data directory, a local APNs, and the variables of a deployment that uses both. */
async function scratch() {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  const dataDir = join(root, "data");
  const ca = join(root, "ca.pem");
  await Deno.writeTextFile(ca, TEST_CA);
  const changes = new Changes();
  const apns = await FakeApns.open({
    clock: systemClock,
    random: (buffer) => crypto.getRandomValues(buffer),
    changed: () => changes.note(),
    inFlightMax: 8,
  });
  const env: Env = {
    DENO_CERT: ca,
    TITAN_APNS_KEY: apns.tokens.pem,
    TITAN_APNS_KEY_ID: apns.tokens.keyId,
    TITAN_APNS_TEAM_ID: apns.tokens.teamId,
    TITAN_APNS_TOPIC: FAKE_TOPIC,
    TITAN_APNS_URL: apns.url,
  };
  return {
    dataDir,
    apns,
    env,
    doctor: (args: readonly string[] = [], more: Env = {}) =>
      runTitan({ dataDir, args: ["doctor", ...args], env: { ...env, ...more } }),
    start: (args: readonly string[]) =>
      new TitanProcess({ dataDir, args: ["doctor", ...args], env }),
    serve: (more: Env = {}) => startServer({ dataDir, env: { ...env, ...more } }),
    /** The nonce of the next push to come. */
    nonce: () => changes.until(() => apns.seen.at(-1)?.content.nonce, "a push"),
    async [Symbol.asyncDispose]() {
      await apns[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** A client of alice's phone that has a push address. */
async function phone(server: ServerProcess): Promise<TestClient> {
  const token = await server.token("alice", { device: "phone" });
  const client = await TestClient.connect(server.url, { token, device: "phone" });
  const push = { provider: "apns", token: "ab".repeat(32) };
  await client.request("device.register", { platform: "ios", push });
  return client;
}

/** The lines of a report as `mark check`. */
function marks(stdout: string): readonly string[] {
  return stdout.split("\n").map((line) => /^(ok|warning|WRONG|skipped) +(.+?): /.exec(line))
    .filter((match) => match !== null).map(([, mark, check]) => `${mark} ${check}`);
}

Deno.test("titan doctor says that all is well, before the first start and while a server runs", async () => {
  await using place = await scratch();
  await using issuer = LocalIssuer.start({ algorithms: ["EdDSA"] });
  const google = { GOOGLE_CLIENT_ID: "titan-app", TITAN_GOOGLE_ISSUER: issuer.url };
  place.apns.answer({ kind: "bad_token" });
  const { host } = new URL(place.apns.url);
  const elsewhere = [
    `ok certificate of ${host}`,
    "ok issuer google",
    "skipped push fcm",
    "ok push apns",
    "skipped push web",
    "ok clock",
  ];
  const before = await place.doctor([], google);
  assert.equal(before.code, 0, before.stdout + before.stderr);
  assert.deepEqual(marks(before.stdout), [
    "ok configuration",
    "warning data directory",
    "ok listener",
    ...elsewhere,
  ]);
  await assert.rejects(Deno.stat(place.dataDir), Deno.errors.NotFound);
  await using server = await place.serve(google);
  const during = await place.doctor([], google);
  assert.equal(during.code, 0, during.stdout + during.stderr);
  assert.deepEqual(marks(during.stdout), [
    "ok configuration",
    "ok data directory",
    "ok server",
    "ok listener",
    ...elsewhere,
    "ok pushes",
  ]);
  assert.ok(during.stdout.includes(`at ${server.url} since `));
  assert.match(during.stdout, /\nAll is well\n$/);
  await server.stop();
  const after = await place.doctor(["--json"], google);
  const { ok, findings, server: none } = JSON.parse(after.stdout);
  assert.deepEqual([after.code, ok, none], [0, true, null]);
  const store = findings.find(({ check }: { check: string }) => check === "store");
  assert.match(store.text, /^It opens; its files have [\d.]+ [KM]iB$/);
});

Deno.test("titan doctor reports every mistake of the configuration, and exits with 1", async () => {
  await using place = await scratch();
  const { code, stdout, stderr } = await place.doctor([], { PORT: "x", TITAN_HOTS: "::1" });
  assert.deepEqual([code, stderr], [1, ""]);
  assert.deepEqual(marks(stdout), [
    "WRONG configuration",
    "warning configuration",
    "skipped all else",
  ]);
  assert.match(stdout, /TITAN_HOTS means nothing to Titan\. It may be meant as TITAN_HOST/);
});

Deno.test("titan doctor finds a secret that others may read, and a directory that is none", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.dataDir, { mode: 0o700 });
  const secret = join(place.dataDir, "jwt.secret");
  await Deno.writeTextFile(secret, "s".repeat(43), { mode: 0o644 });
  await Deno.chmod(secret, 0o644);
  const read = await place.doctor();
  assert.equal(read.code, 1);
  assert.match(
    read.stdout,
    /\nWRONG {3}secret: Cannot trust the secret file "[^"]*": its mode is 644/,
  );
  assert.ok(!read.stdout.includes("sss"));
  const own = await place.doctor([], { TITAN_JWT_SECRET: "t".repeat(43) });
  assert.deepEqual([own.code, marks(own.stdout).includes("WRONG secret")], [0, false]);
  const left = await Array.fromAsync(Deno.readDir(place.dataDir), ({ name }) => name);
  assert.deepEqual(left.sort(), ["jwt.secret", "titan.lock"]);

  await Deno.remove(place.dataDir, { recursive: true });
  await Deno.writeTextFile(place.dataDir, "");
  const none = await place.doctor();
  assert.equal(none.code, 1);
  assert.match(
    none.stdout,
    /\nWRONG {3}data directory: "[^"]*" is no directory\. Look at TITAN_DATA/,
  );
});

Deno.test("titan doctor finds what is wrong with credentials, issuers, and a database", async () => {
  await using place = await scratch();
  await using issuer = LocalIssuer.start({ algorithms: ["EdDSA"] });
  issuer.misbehave("discovery", "status 500");
  place.apns.answer({ kind: "refused_credentials" });
  await Deno.mkdir(place.dataDir, { mode: 0o700 });
  await Deno.writeTextFile(join(place.dataDir, "titan.kv"), "no database".repeat(1000));
  const google = { GOOGLE_CLIENT_ID: "titan-app", TITAN_GOOGLE_ISSUER: issuer.url };
  const { code, stdout } = await place.doctor([], { ...google, TITAN_HOST: "0.0.0.0" });
  assert.equal(code, 1);
  const found = marks(stdout);
  for (const check of ["WRONG store", "warning listener", "WRONG issuer google"]) {
    assert.ok(found.includes(check), `${check} is not in:\n${stdout}`);
  }
  assert.match(
    stdout,
    /WRONG {3}push apns: APNs answered with status 403.* Look at TITAN_APNS_KEY,/,
  );
  assert.match(stdout, /\n3 of these must be mended\n$/);
});

Deno.test("titan doctor shows FCM the service account, and looks at the keys of Web Push", async () => {
  await using place = await scratch();
  const service = { clock: systemClock, random: systemRandom, changed() {} };
  const account = await makeTestAccount();
  await using fcm = await LocalFcm.open(service, account);
  await using web = await LocalPushService.open(service);
  const file = join(place.dataDir, "fcm.json");
  await Deno.mkdir(place.dataDir, { mode: 0o700 });
  await Deno.writeTextFile(file, account.file);
  const env = {
    GOOGLE_APPLICATION_CREDENTIALS: file,
    TITAN_FCM_URL: fcm.https.origin.href,
    TITAN_VAPID_PUBLIC: web.identity.publicKey,
    TITAN_VAPID_PRIVATE: web.identity.privateKey,
    TITAN_VAPID_SUBJECT: web.identity.subject,
  };
  place.apns.answer({ kind: "bad_token" });
  fcm.answer({ kind: "bad_token" });
  const good = await place.doctor([], env);
  assert.equal(good.code, 0, good.stdout + good.stderr);
  const pushes = (stdout: string) => marks(stdout).filter((mark) => / push /.test(mark));
  assert.deepEqual(pushes(good.stdout), ["ok push fcm", "ok push apns", "ok push web"]);
  fcm.answer({ kind: "refused_credentials" });
  const refused = await place.doctor([], env);
  assert.equal(refused.code, 1);
  assert.deepEqual(pushes(refused.stdout), ["WRONG push fcm", "ok push apns", "ok push web"]);
  const { privateKey } = await generateVapidKeys();
  const unpaired = await place.doctor([], { ...env, TITAN_VAPID_PRIVATE: privateKey });
  assert.match(
    unpaired.stdout,
    /^WRONG .*TITAN_VAPID_PUBLIC must be the public half of the private/,
  );
  // No device was pushed for all this.
  assert.deepEqual(fcm.seen.map(({ token }) => token), ["no-such-token"]);
  assert.equal(web.seen.length, 0);
});

Deno.test("titan doctor --device follows a push until the device has answered", async () => {
  await using place = await scratch();
  await using server = await place.serve();
  await using client = await phone(server);
  await using doctor = place.start(["--device", "Alice", "phone"]);
  // The device answers only once the command waits for it.
  await doctor.until((out) => /waiting up to 60 s/.test(out) || undefined, "the wait");
  const nonce = await place.nonce();
  assert.deepEqual(await client.request("push.received", { nonce }), { known: true });
  const { code, stdout } = await doctor.ended;
  assert.equal(code, 0, stdout);
  assert.deepEqual(marks(stdout), [
    "ok device",
    "ok address",
    "ok provider",
    "ok push",
    "ok answer",
  ]);
  const { server: { pushes } } = JSON.parse((await place.doctor(["--json"])).stdout);
  assert.deepEqual([pushes.sent, pushes.accepted, pushes.seen], [1, 1, 1]);
});

Deno.test("titan doctor --device says where a push stops", async () => {
  await using place = await scratch();
  await using server = await place.serve();
  await using _client = await phone(server);
  const silent = await place.doctor(["--device", "alice", "phone", "--wait", "1s", "--json"]);
  assert.equal(silent.code, 1);
  const steps = silent.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(steps.map(({ step, ok }) => [step, ok]), [
    ["device", true],
    ["address", true],
    ["provider", true],
    ["outcome", true],
    ["answer", false],
  ]);
  assert.match(steps.at(-1).finding.text, /^The device has not answered within 1 s/);
  const missing = await place.doctor(["--device", "alice", "tablet"]);
  assert.equal(missing.code, 1);
  assert.deepEqual(marks(missing.stdout), ["WRONG device"]);
  place.apns.answer({ kind: "unregistered", since: 5 });
  const gone = await place.doctor(["--device", "alice", "phone"]);
  assert.equal(gone.code, 1);
  assert.deepEqual(marks(gone.stdout).at(-1), "WRONG push");
});

Deno.test("titan doctor --device ends its wait with Ctrl-C, and with the server", async () => {
  await using place = await scratch();
  await using server = await place.serve();
  await using _client = await phone(server);
  const waiting = (out: string) => /waiting up to/.test(out) || undefined;
  await using first = place.start(["--device", "alice", "phone"]);
  await first.until(waiting, "the wait");
  const { code, stdout } = await first.stop("SIGINT");
  assert.equal(code, 1);
  assert.match(stdout, /WRONG {3}answer: You ended the wait/);
  await using second = place.start(["--device", "alice", "phone"]);
  await second.until(waiting, "the wait");
  assert.equal((await server.stop()).code, 0);
  const ended = await second.ended;
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /WRONG {3}answer: The server ended the wait after/);
});

Deno.test("titan doctor --device says that pushes are only logged, and logs the trial", async () => {
  await using place = await scratch();
  await using server = await startServer({ dataDir: place.dataDir });
  await using _client = await phone(server);
  const { code, stdout } = await place.doctor(["--device", "alice", "phone"]);
  assert.equal(code, 1);
  assert.match(stdout, /WRONG {3}provider: .* only logs the push\. Set TITAN_APNS_KEY, /);
  assert.match(String((await server.logged("push logged"))["reason"]), /in place of "titan-trial"/);
  // The variables of the command are others than those of the server.
  place.apns.answer({ kind: "bad_token" });
  assert.match((await place.doctor()).stdout, /warning push apns: The running server uses "log"/);
});

Deno.test("titan doctor --device needs a server that runs", async () => {
  await using place = await scratch();
  const none = await place.doctor(["--device", "alice", "phone"]);
  assert.deepEqual([none.code, none.stdout], [1, ""]);
  assert.match(none.stderr, /^titan: No server runs: there is no data directory/);
  await Deno.mkdir(place.dataDir, { mode: 0o700 });
  const stopped = await place.doctor(["--device", "alice", "phone"]);
  assert.match(stopped.stderr, /^titan: No server runs on the data directory/);
});
