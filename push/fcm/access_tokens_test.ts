import assert from "node:assert/strict";
import { FakeClock } from "../contract/fake_clock.ts";
import { AccessTokens } from "./access_tokens.ts";
import type { Answer } from "./contract/fcm_answers.ts";
import { LocalHttps } from "./contract/local_https.ts";
import { LocalTokens } from "./contract/local_tokens.ts";
import { makeTestAccount } from "./contract/test_account.ts";

const TEST = await makeTestAccount();

/** A token endpoint, and what asks it. */
class Fixture implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly endpoint = new LocalTokens(this.clock, TEST);
  /** What it answers in place of a token; "quiet": nothing. */
  instead: Answer | "quiet" | undefined;
  /** Fulfils when a request has come. */
  readonly asked = Promise.withResolvers<void>();
  readonly #local: LocalHttps;
  #tokens: AccessTokens | undefined;

  private constructor(local: LocalHttps) {
    this.#local = local;
  }

  static async open(): Promise<Fixture> {
    const local = await LocalHttps.open(async ({ headers, body }, response) => {
      fixture.asked.resolve();
      const answer = fixture.instead ??
        await fixture.endpoint.answer(headers["content-type"], body);
      if (answer === "quiet") return;
      const { status, retryAfter } = answer;
      const extra = retryAfter === undefined ? {} : { "retry-after": retryAfter };
      response.writeHead(status, extra).end(answer.body);
    });
    const fixture = new Fixture(local);
    fixture.#tokens = await AccessTokens.open({
      account: TEST.account,
      url: new URL("/token", local.origin),
      connect: (host) => local.connect(host),
      clock: fixture.clock,
    });
    return fixture;
  }

  get tokens(): AccessTokens {
    assert.ok(this.#tokens !== undefined);
    return this.#tokens;
  }

  /** The token of now. */
  async token(): Promise<string> {
    const outcome = await this.tokens.current();
    assert.ok(outcome.kind === "token", JSON.stringify(outcome));
    return outcome.token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tokens?.[Symbol.asyncDispose]();
    await this.#local[Symbol.asyncDispose]();
    assert.equal(this.clock.timers, 0);
  }
}

Deno.test("AccessTokens.current() changes a signature for a token, once for all who ask", async () => {
  await using fixture = await Fixture.open();
  const tokens = await Promise.all([fixture.token(), fixture.token(), fixture.token()]);
  assert.equal(new Set(tokens).size, 1);
  assert.ok(fixture.endpoint.accepts(tokens[0] ?? ""));
  assert.equal(fixture.endpoint.count, 1);
});

Deno.test("AccessTokens.current() keeps a token until five minutes before its end", async () => {
  await using fixture = await Fixture.open();
  const token = await fixture.token();
  fixture.clock.advance((3599 - 300) * 1000 - 1);
  assert.equal(await fixture.token(), token);
  fixture.clock.advance(1);
  assert.notEqual(await fixture.token(), token);
});

Deno.test("AccessTokens.forget() forgets a token, if it is still the one that is kept", async () => {
  await using fixture = await Fixture.open();
  const token = await fixture.token();
  fixture.tokens.forget(token);
  const other = await fixture.token();
  assert.notEqual(other, token);
  fixture.tokens.forget(token);
  assert.equal(await fixture.token(), other);
});

Deno.test("AccessTokens.current() tells what Google does not take, by names that are known", async () => {
  await using fixture = await Fixture.open();
  const begin = "Google does not take the service account or the time of its signature: ";
  const cases: [status: number, body: string, name: string][] = [
    [400, '{"error":"invalid_grant","error_description":"Invalid JWT"}', '"invalid_grant"'],
    [401, '{"error":"a secret"}', "status 401"],
    [403, "<p>Forbidden", "status 403"],
  ];
  for (const [status, body, name] of cases) {
    fixture.instead = { status, body };
    const outcome = await fixture.tokens.current();
    assert.deepEqual(outcome, { kind: "misconfigured", reason: `${begin}${name}` });
  }
  fixture.instead = undefined;
  await fixture.token();
});

Deno.test("AccessTokens.current() is to be asked again where Google has a fault", async () => {
  await using fixture = await Fixture.open();
  fixture.instead = { status: 503, body: "", retryAfter: "20" };
  const reason = "Google gave no access token: status 503";
  assert.deepEqual(await fixture.tokens.current(), { kind: "retry", reason, afterMs: 20_000 });
  const bodies = [
    "",
    "{}",
    "null",
    '{"access_token":"a b","expires_in":9}',
    '{"access_token":"a"}',
  ];
  for (const body of bodies) {
    fixture.instead = { status: 200, body };
    assert.deepEqual(await fixture.tokens.current(), {
      kind: "retry",
      reason: "Google answered without an access token",
    });
  }
});

Deno.test("AccessTokens.current() waits eight seconds at the most", async () => {
  await using fixture = await Fixture.open();
  fixture.instead = "quiet";
  const outcome = fixture.tokens.current();
  await fixture.asked.promise;
  fixture.clock.advance(8000);
  const reason = "Google gave no access token within 8 seconds";
  assert.deepEqual(await outcome, { kind: "retry", reason });
});

Deno.test("AccessTokens.dispose() ends what is under way", async () => {
  await using fixture = await Fixture.open();
  fixture.instead = "quiet";
  const outcome = fixture.tokens.current();
  await fixture.asked.promise;
  await fixture.tokens[Symbol.asyncDispose]();
  assert.deepEqual(await outcome, { kind: "retry", reason: "Provider is closed" });
});

Deno.test("AccessTokens.open() throws where the key is none", async () => {
  const { account } = TEST;
  const options = {
    url: new URL("https://127.0.0.1"),
    connect: () => assert.fail("Connects"),
    clock: new FakeClock(),
  };
  for (const privateKey of ["secret", account.privateKey.replace(/.{200}$/s, "")]) {
    const open = AccessTokens.open({ ...options, account: { ...account, privateKey } });
    await assert.rejects(open, {
      name: "TypeError",
      message: 'Cannot read the service account: its "private_key" is no RSA key',
    });
  }
});
