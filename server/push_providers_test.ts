import assert from "node:assert/strict";
import { FakeClock } from "../push/contract/fake_clock.ts";
import type { LocalService, ServiceOptions } from "../push/contract/harness.ts";
import { TEST_CA } from "../push/contract/test_certificate.ts";
import { FakeApns } from "../push/apns/fake_apns.ts";
import { LocalFcm } from "../push/fcm/contract/local_fcm.ts";
import { makeTestAccount } from "../push/fcm/contract/test_account.ts";
import type { Push } from "../push/mod.ts";
import { LocalPushService } from "../push/web/contract/local_push_service.ts";
import { ConfigError, readConfig } from "./config.ts";
import { FakeLog } from "./fake_world.ts";
import { openConfigured, type PushProviders, withPushLog } from "./push_providers.ts";
import type { ProviderName } from "./push/mod.ts";
import { whyUnread } from "./text_file.ts";

type Variables = Readonly<Record<string, string>>;

/** A deployment: its files, its log and its time. */
class Fixture {
  readonly clock = new FakeClock();
  readonly log = new FakeLog();
  readonly files = new Map<string, string | Error>();
  readonly service: ServiceOptions = {
    clock: this.clock,
    random: (buffer) => crypto.getRandomValues(buffer),
    changed() {},
  };

  async open(variables: Variables): Promise<PushProviders> {
    const map = new Map(Object.entries(variables));
    const configured = await openConfigured(readConfig((name) => map.get(name)), {
      clock: {
        now: () => this.clock.now(),
        monotonic: () => 0,
        after: (...a) => this.clock.after(...a),
      },
      random: this.service.random,
      fetch,
      readFile: (path) => {
        const file = this.files.get(path) ?? new Deno.errors.NotFound();
        if (typeof file !== "string") return { fault: whyUnread(file) };
        return { text: file, isPublic: false };
      },
      ca: TEST_CA,
    });
    return withPushLog(configured, this.log);
  }

  /** Expects the variables to be refused and answers the mistakes that were found. */
  async problems(variables: Variables): Promise<readonly string[]> {
    try {
      await using _providers = await this.open(variables);
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return error.problems;
    }
    assert.fail("expected a refusal");
  }

  push(service: LocalService): Push {
    return {
      target: service.target(0),
      content: { badge: 1, fetch: false, sender: "ann", text: "s3cr3t" },
      urgent: true,
      collapse: "c1",
      expires: this.clock.now() + 60_000,
    };
  }
}

const APNS: Variables = {
  TITAN_APNS_KEY: "/keys/apns.p8",
  TITAN_APNS_KEY_ID: "ABC123DEFG",
  TITAN_APNS_TEAM_ID: "DEF123GHIJ",
  TITAN_APNS_TOPIC: "org.example.chat",
};

const NAMES: readonly ProviderName[] = ["fcm", "apns", "web"];

Deno.test("openConfigured() logs what would be sent where nothing is configured", async () => {
  const fixture = new Fixture();
  await using providers = await fixture.open({});
  assert.deepEqual(providers.all.map(({ name }) => name), ["log"]);
  await using apns = await FakeApns.open({ ...fixture.service, inFlightMax: 1 });
  for (const name of NAMES) {
    assert.equal((await providers.of(name).send(fixture.push(apns))).kind, "accepted");
  }
  assert.equal(fixture.log.lines.length, NAMES.length);
  const logged = JSON.stringify(fixture.log.lines);
  assert.match(logged, /push logged.*Push would be sent: urgent, badge 1/);
  assert.ok(!logged.includes("s3cr3t"));
});

Deno.test("openConfigured() reaches each service that is configured", async () => {
  const fixture = new Fixture();
  const account = await makeTestAccount();
  await using fcm = await LocalFcm.open(fixture.service, account);
  await using apns = await FakeApns.open({ ...fixture.service, inFlightMax: 8 });
  await using web = await LocalPushService.open(fixture.service);
  fixture.files.set("/keys/fcm.json", account.file).set("/keys/apns.p8", apns.tokens.pem);
  await using providers = await fixture.open({
    ...APNS,
    GOOGLE_APPLICATION_CREDENTIALS: "/keys/fcm.json",
    TITAN_FCM_URL: fcm.https.origin.href,
    TITAN_APNS_URL: apns.url,
    TITAN_VAPID_PUBLIC: web.identity.publicKey,
    TITAN_VAPID_PRIVATE: web.identity.privateKey,
    TITAN_VAPID_SUBJECT: web.identity.subject,
    TITAN_PUSH_ORIGINS: web.origin,
  });
  assert.deepEqual(providers.all.map(({ name }) => name), ["fcm", "apns", "web", "log"]);
  for (const [name, service] of [["fcm", fcm], ["apns", apns], ["web", web]] as const) {
    const outcome = await providers.of(name).send(fixture.push(service));
    assert.equal(outcome.kind, "accepted", JSON.stringify(outcome));
    assert.equal(service.seen.at(-1)?.content.text, "s3cr3t");
  }
  assert.deepEqual(fixture.log.lines, []);
});

Deno.test("openConfigured() takes the text of the APNs key, and Apple's words for its places", async () => {
  const fixture = new Fixture();
  await using apns = await FakeApns.open({ ...fixture.service, inFlightMax: 1 });
  for (const place of ["production", "sandbox"]) {
    const more = { TITAN_APNS_KEY: apns.tokens.pem, TITAN_APNS_URL: place };
    await using providers = await fixture.open({ ...APNS, ...more });
    assert.equal(providers.of("apns").name, "apns");
    assert.equal(providers.of("fcm").name, "log");
  }
});

Deno.test("openConfigured() tells all files at once that cannot be read", async () => {
  const fixture = new Fixture();
  const variables = { ...APNS, GOOGLE_APPLICATION_CREDENTIALS: "/keys/fcm.json" };
  const fcm = "GOOGLE_APPLICATION_CREDENTIALS must be the path of a service account's JSON file: ";
  const apns =
    "TITAN_APNS_KEY must be the text of a .p8 file, which is a P-256 key in PEM, or the " +
    "path of one: ";
  assert.deepEqual(await fixture.problems(variables), [
    `${fcm}it cannot be read: there is no such file`,
    `${apns}it cannot be read: there is no such file`,
  ]);
  fixture.files.set("/keys/fcm.json", new Deno.errors.NotCapable())
    .set("/keys/apns.p8", new Deno.errors.PermissionDenied());
  const [permission = "", mode] = await fixture.problems(variables);
  assert.match(permission, /--allow-read=PATH, or .*, or put the file into the data directory$/);
  assert.equal(mode, `${apns}it cannot be read: the file's mode does not allow it`);
  fixture.files.set("/keys/fcm.json", '{"private_key":"s3cr3t"}').set("/keys/apns.p8", "s3cr3t");
  assert.deepEqual(await fixture.problems(variables), [
    `${fcm}its "type" is not "service_account"`,
    `${apns}it is not a P-256 key in PKCS #8 form (.p8)`,
  ]);
});
