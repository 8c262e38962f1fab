import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { importJWK, jwtVerify } from "jose";
import { FakeClock } from "../contract/fake_clock.ts";
import { generateVapidKeys } from "../vapid.ts";
import { createVapidSigner, VapidToken } from "./vapid_token.ts";

const HOUR_MS = 3_600_000;
const ORIGIN = "https://push.example";

Deno.test("createVapidSigner() signs what RFC 8292 asks for", async () => {
  const clock = new FakeClock();
  const keys = await generateVapidKeys();
  const sign = createVapidSigner({ ...keys, subject: "mailto:ops@titan.example" }, clock);
  const header = await sign(ORIGIN);
  const [, token = "", publicKey = ""] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(header) ?? [];
  assert.equal(publicKey, keys.publicKey);
  const point = Buffer.from(publicKey, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) =>
    half.toString("base64url")
  );
  assert.ok(x !== undefined && y !== undefined);
  const key = await importJWK({ kty: "EC", crv: "P-256", x, y }, "ES256");
  const currentDate = new Date(clock.now());
  const { payload, protectedHeader } = await jwtVerify(token, key, { currentDate });
  assert.deepEqual(protectedHeader, { typ: "JWT", alg: "ES256" });
  const exp = Math.floor(clock.now() / 1000) + 12 * 3600;
  assert.deepEqual(payload, { aud: ORIGIN, exp, sub: "mailto:ops@titan.example" });
});

Deno.test("VapidToken.header() is signed once in six hours, however many want it", async () => {
  const { clock, token, count } = world();
  const headers = await Promise.all([token.header(), token.header(), token.header()]);
  assert.deepEqual(new Set(headers), new Set(["header 1"]));
  clock.advance(6 * HOUR_MS - 1);
  assert.equal(await token.header(), "header 1");
  clock.advance(1);
  assert.equal(await token.header(), "header 2");
  assert.equal(count(), 2);
});

Deno.test("VapidToken.header() is signed anew where the clock went back", async () => {
  const { clock, token } = world();
  await token.header();
  clock.advance(-1);
  assert.equal(await token.header(), "header 2");
});

Deno.test("VapidToken.renew() has one header signed for all who had the same refused", async () => {
  const { token, count } = world();
  const refused = await token.header();
  const renewed = await Promise.all([token.renew(refused), token.renew(refused)]);
  assert.deepEqual(renewed, ["header 2", "header 2"]);
  // One more comes late with the first.
  assert.equal(await token.renew(refused), "header 2");
  assert.equal(await token.header(), "header 2");
  assert.equal(await token.renew("header 2"), "header 3");
  assert.equal(count(), 3);
});

function world() {
  const clock = new FakeClock();
  let count = 0;
  const token = new VapidToken(() => Promise.resolve(`header ${++count}`), clock);
  return { clock, token, count: () => count };
}
