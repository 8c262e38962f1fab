import assert from "node:assert/strict";
import { decodeJwt, decodeProtectedHeader, exportPKCS8, generateKeyPair } from "jose";
import { FakeClock } from "../contract/fake_clock.ts";
import { FakeTokens } from "./fake_tokens.ts";
import { ProviderToken } from "./provider_token.ts";

const MINUTE_MS = 60_000;

Deno.test("ProviderToken.current() signs what APNs asks for", async () => {
  const { clock, keys, token } = await open();
  const jwt = await token.current();
  assert.deepEqual(decodeProtectedHeader(jwt), { alg: "ES256", kid: keys.keyId });
  assert.deepEqual(decodeJwt(jwt), { iss: keys.teamId, iat: clock.now() / 1000 });
  assert.equal(await keys.check(`bearer ${jwt}`), null);
});

Deno.test("ProviderToken.current() keeps a token for 45 minutes, and through small steps of the clock", async () => {
  const { clock, token } = await open();
  const first = await token.current();
  clock.advance(45 * MINUTE_MS - 1);
  assert.equal(await token.current(), first);
  clock.advance(1);
  const second = await token.current();
  assert.notEqual(second, first);
  clock.advance(-MINUTE_MS);
  assert.equal(await token.current(), second);
  // What was signed in the future is no good.
  clock.advance(-1);
  assert.notEqual(await token.current(), second);
});

Deno.test("ProviderToken.renew() signs once for all that were refused", async () => {
  const { clock, token } = await open();
  const first = await token.current();
  clock.advance(MINUTE_MS);
  assert.deepEqual(await Promise.all([token.renew(first), token.renew(first)]), [true, true]);
  const second = await token.current();
  assert.notEqual(second, first);
  // A push that was sent before, and is refused only now.
  assert.equal(await token.renew(first), true);
  assert.equal(await token.current(), second);
});

Deno.test("ProviderToken.renew() does not sign again within 20 minutes", async () => {
  const { clock, token } = await open();
  assert.equal(await token.renew(await token.current()), true);
  clock.advance(20 * MINUTE_MS - 1);
  const second = await token.current();
  assert.equal(await token.renew(second), false);
  assert.equal(await token.current(), second);
  clock.advance(1);
  assert.equal(await token.renew(second), true);
});

Deno.test("ProviderToken.open() throws at a key that is none, and does not repeat it", async () => {
  const { keys, clock } = await open();
  const { keyId, teamId } = keys;
  const { privateKey: other } = await generateKeyPair("ES384", { extractable: true });
  const { privateKey: rsa } = await generateKeyPair("RS256", { extractable: true });
  const wrong = [await exportPKCS8(other), await exportPKCS8(rsa), "", "nonsense"];
  const cut = keys.pem.replace(/.{8}\n-----END/, "\n-----END");
  for (const key of [...wrong, cut]) {
    await assert.rejects(ProviderToken.open({ key, keyId, teamId, clock }), {
      name: "TypeError",
      message: "Cannot use the APNs key: it is not a P-256 key in PKCS #8 form (.p8)",
    });
  }
  const spaced = `\n${keys.pem}\n`;
  await ProviderToken.open({ key: spaced, keyId, teamId, clock });
});

Deno.test("ProviderToken.open() throws at ids that are none", async () => {
  const { keys: { pem: key, keyId, teamId }, clock } = await open();
  for (const bad of ["", "abc123defg", "ABC123DEF", "ABC123DEFGH", " ABC123DEF"]) {
    await assert.rejects(ProviderToken.open({ key, keyId: bad, teamId, clock }), {
      name: "TypeError",
      message: "Cannot use the APNs key: its id is not ten letters and digits",
    });
    await assert.rejects(ProviderToken.open({ key, keyId, teamId: bad, clock }), {
      name: "TypeError",
      message: "Cannot use the APNs key: the id of the team is not ten letters and digits",
    });
  }
});

async function open(): Promise<{ clock: FakeClock; keys: FakeTokens; token: ProviderToken }> {
  const clock = new FakeClock();
  const keys = await FakeTokens.create(clock);
  const { pem: key, keyId, teamId } = keys;
  return { clock, keys, token: await ProviderToken.open({ key, keyId, teamId, clock }) };
}
