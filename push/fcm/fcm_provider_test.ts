import assert from "node:assert/strict";
import { FakeClock } from "../contract/fake_clock.ts";
import { TEST_CA } from "../contract/test_certificate.ts";
import { type Situation, testProvider } from "../provider_contract.ts";
import type { Push } from "../push.ts";
import { LocalFcm } from "./contract/local_fcm.ts";
import { makeTestAccount } from "./contract/test_account.ts";
import { FCM_IN_FLIGHT_MAX, type FcmOptions, FcmProvider } from "./fcm_provider.ts";

const TEST = await makeTestAccount();

testProvider("FcmProvider", {
  name: "fcm",
  tellsSince: false,
  refusal: "misconfigured",
  explains: true,
  checks: true,
  inFlightMax: FCM_IN_FLIGHT_MAX,
  skip: new Map([["goaway", "HTTP/1.1 has none"]]),
  open: (options) => LocalFcm.open(options, TEST),
});

/** A local FCM and how to reach it. */
class Fixture implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly service: LocalFcm;
  readonly options: FcmOptions;
  /** Hosts and ports that were connected to. */
  readonly connected: string[] = [];

  private constructor(clock: FakeClock, service: LocalFcm) {
    this.clock = clock;
    this.service = service;
    this.options = {
      account: TEST.account,
      clock,
      random: (buffer) => crypto.getRandomValues(buffer),
      connect: (host, port) => {
        this.connected.push(`${host}:${port}`);
        return service.https.connect(host);
      },
    };
  }

  static async open(): Promise<Fixture> {
    const clock = new FakeClock();
    const random: FcmOptions["random"] = (buffer) => crypto.getRandomValues(buffer);
    const service = await LocalFcm.open({ clock, random, changed: () => {} }, TEST);
    return new Fixture(clock, service);
  }

  /** A push to one of many devices. */
  push(index = 0): Push {
    return {
      target: this.service.target(index),
      content: { badge: 1, fetch: true },
      urgent: true,
      collapse: "a",
      expires: this.clock.now() + 60_000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}

Deno.test("FcmProvider sends everything to the hosts of Google, under their names", async () => {
  await using fixture = await Fixture.open();
  await using provider = await FcmProvider.open(fixture.options);
  assert.equal((await provider.send(fixture.push())).kind, "accepted");
  assert.deepEqual(fixture.connected, ["oauth2.googleapis.com:443", "fcm.googleapis.com:443"]);
  assert.deepEqual(fixture.service.requests, [
    "oauth2.googleapis.com/token",
    "fcm.googleapis.com/v1/projects/titan-test/messages:send",
  ]);
});

Deno.test("FcmProvider sends everything to another server, where it is told one", async () => {
  await using fixture = await Fixture.open();
  const url = "https://localhost:8443";
  await using provider = await FcmProvider.open({ ...fixture.options, url });
  assert.equal((await provider.send(fixture.push())).kind, "accepted");
  assert.deepEqual(fixture.connected, ["localhost:8443", "localhost:8443"]);
  assert.deepEqual(fixture.service.requests, [
    "localhost:8443/token",
    "localhost:8443/v1/projects/titan-test/messages:send",
  ]);
});

Deno.test("FcmProvider.open() refuses a URL that is more than an origin, or not safe", async () => {
  await using fixture = await Fixture.open();
  const urls = ["", "fcm.test", "http://fcm.test", "https://fcm.test/a", "https://u:p@fcm.test/"];
  for (const url of urls) {
    await assert.rejects(FcmProvider.open({ ...fixture.options, url }), {
      name: "TypeError",
      message: "Cannot use FCM: its URL is not https with a host and nothing more",
    });
  }
});

Deno.test("FcmProvider.send() needs one access token for many pushes", async () => {
  await using fixture = await Fixture.open();
  await using provider = await FcmProvider.open(fixture.options);
  const sends = Array.from({ length: 20 }, (_, index) => provider.send(fixture.push(index)));
  for (const { kind } of await Promise.all(sends)) assert.equal(kind, "accepted");
  assert.equal(fixture.service.tokens.count, 1);
  fixture.clock.advance(3_600_000);
  assert.equal((await provider.send(fixture.push())).kind, "accepted");
  assert.equal(fixture.service.tokens.count, 2);
});

Deno.test("FcmProvider.send() asks once where the service has a fault", async () => {
  await using fixture = await Fixture.open();
  await using provider = await FcmProvider.open(fixture.options);
  const situations: Situation[] = [
    { kind: "server_error", status: 503 },
    { kind: "server_error", status: 503, retryAfter: "1" },
    { kind: "rate_limited" },
  ];
  for (const [index, situation] of situations.entries()) {
    fixture.service.answer(situation);
    assert.equal((await provider.send(fixture.push())).kind, "retry");
    assert.equal(fixture.service.seen.length, index + 1);
  }
});

Deno.test("FcmProvider.send() keeps the tokens of devices where the project is unknown", async () => {
  await using fixture = await Fixture.open();
  const account = { ...TEST.account, projectId: "another" };
  await using provider = await FcmProvider.open({ ...fixture.options, account });
  assert.deepEqual(await provider.send(fixture.push()), {
    kind: "misconfigured",
    reason: "FCM does not know the project: status 404",
  });
});

Deno.test("FcmProvider.send() refuses by itself what is none", async () => {
  await using fixture = await Fixture.open();
  await using provider = await FcmProvider.open(fixture.options);
  const push = fixture.push();
  const large = { ...push, content: { badge: 1, fetch: true, nonce: "n".repeat(4096) } };
  for (const wrong of [large, { ...push, target: { token: "" } }]) {
    assert.equal((await provider.send(wrong)).kind, "rejected");
  }
  assert.equal(fixture.service.seen.length, 0);
  assert.equal((await provider.send(push)).kind, "accepted");
});

Deno.test("FcmProvider works side by side with another one", async () => {
  await using fixture = await Fixture.open();
  await using one = await FcmProvider.open(fixture.options);
  await using other = await FcmProvider.open(fixture.options);
  const outcomes = await Promise.all([one, other].map((it) => it.send(fixture.push())));
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["accepted", "accepted"]);
});

Deno.test("FcmProvider needs no permission but the network, and trusts as Deno is told to", async () => {
  // The program has a clock of its own.
  const clock = { now: () => Date.now(), after: () => () => {} };
  const random: FcmOptions["random"] = (buffer) => buffer;
  await using service = await LocalFcm.open({ clock, random, changed: () => {} }, TEST);
  const folder = await Deno.makeTempDir();
  try {
    const [account, ca] = [`${folder}/account.json`, `${folder}/ca.pem`];
    await Deno.writeTextFile(account, TEST.file);
    await Deno.writeTextFile(ca, TEST_CA);
    const program = new URL("contract/send_push.ts", import.meta.url).pathname;
    const permissions = ["--allow-net", "--allow-env=TITAN_*", `--allow-read=${folder}`];
    const command = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "--ignore-env", ...permissions],
        ...[decodeURIComponent(program), account, service.https.origin.href],
      ],
      cwd: decodeURIComponent(new URL("../..", import.meta.url).pathname),
      env: { DENO_CERT: ca },
    });
    const { stdout, stderr } = await command.output();
    const text = new TextDecoder().decode(stdout);
    assert.match(text, /^\{"kind":"accepted"/, `${text}${new TextDecoder().decode(stderr)}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
