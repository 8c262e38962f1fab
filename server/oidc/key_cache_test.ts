import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { makeKey } from "../../tests/harness/issuer_key.ts";
import { KeyScene } from "../../tests/harness/key_scene.ts";
import { within } from "../../tests/harness/wait_for.ts";
import { FakeClock } from "../fake_clock.ts";
import type { LogFields } from "../log.ts";
import { DOCUMENT_MS_MAX } from "./document.ts";
import {
  IssuerUnavailableError,
  KEY_SEARCH_MS,
  KeyCache,
  KEYS_FRESH_MS,
  KEYS_RETRY_MS_MAX,
  KEYS_RETRY_MS_MIN,
  KEYS_STALE_MS,
} from "./key_cache.ts";
import { createRemoteKeys } from "./remote_keys.ts";

Deno.test("KeyCache.find() fetches once for all who ask at the same time", async () => {
  await using scene = new KeyScene();
  assert.equal(scene.hits, 0);
  await Promise.all(Array.from({ length: 50 }, () => scene.verify()));
  await scene.verify();
  assert.equal(scene.hits, 1);
  assert.equal(scene.clock.timers, 0);
});

Deno.test("KeyCache.find() uses keys for a while, then refreshes them behind their use", async () => {
  await using scene = new KeyScene();
  await scene.verify();
  scene.clock.advance(KEYS_FRESH_MS - 1);
  await scene.verify();
  assert.equal(scene.hits, 1);
  scene.issuer.misbehave("keys", "hang");
  scene.clock.advance(1);
  await Promise.all([scene.verify(), scene.verify()]);
  await scene.issuer.asked("keys", 2);
  await scene.verify();
  assert.equal(scene.hits, 2);
});

Deno.test("KeyCache.find() forgets a key that is no longer published", async () => {
  await using scene = new KeyScene();
  const before = scene.issuer.token({ exp: undefined });
  await scene.verify(before);
  scene.issuer.rotate();
  scene.clock.advance(KEYS_FRESH_MS);
  // Refreshed behind this use.
  await scene.verify(before);
  await scene.issuer.asked("keys", 2);
  await scene.quiet();
  await scene.refused(before, "unknown_key");
  await scene.verify();
});

Deno.test("KeyCache.find() finds a new key at once, and keeps old ones that are still published", async () => {
  await using scene = new KeyScene();
  const before = scene.issuer.token({});
  await scene.verify(before);
  scene.issuer.rotate(true);
  await Promise.all(Array.from({ length: 20 }, () => scene.verify()));
  await scene.verify(before);
  assert.equal(scene.hits, 2);
});

Deno.test("KeyCache.find() takes a key that came while it looked at the old ones", async () => {
  const clock = new FakeClock();
  const key = (kid: string) => {
    const { x = "" } = createPublicKey(makeKey("EdDSA", kid).privateKey).export({ format: "jwk" });
    return { kty: "OKP", crv: "Ed25519", x, kid };
  };
  const sets = [{ keys: [key("old")] }, { keys: [key("new")] }];
  let loads = 0;
  const load = () => Promise.resolve(sets[loads++] ?? assert.fail("loaded too often"));
  const cache = new KeyCache({ url: "https://example.org/keys", clock, load });
  const parts = { payload: "", signature: "" };
  await cache.find({ alg: "EdDSA", kid: "old" }, parts);
  clock.advance(KEYS_FRESH_MS);
  await cache.find({ alg: "EdDSA", kid: "new" }, parts);
  assert.equal(loads, 2);
});

Deno.test("KeyCache.find() is not made to hammer by names of keys that do not exist", async () => {
  await using scene = new KeyScene();
  await scene.verify();
  const minutes = 2;
  const step = 1000;
  for (let ms = 0; ms < minutes * 60_000; ms += step) {
    const late = ms % KEY_SEARCH_MS;
    await Promise.all([1, 2, 3].map(async (n) => {
      const token = scene.stranger(`${ms} ${n}`);
      if (late === 0) return await scene.refused(token, "unknown_key");
      assert.equal((await scene.unavailable(token)).retryMs, KEY_SEARCH_MS - late);
    }));
    scene.clock.advance(step);
  }
  assert.equal(scene.hits, 1 + minutes * 60_000 / KEY_SEARCH_MS);
});

Deno.test("KeyCache.find() does not look twice for the first token of all", async () => {
  await using scene = new KeyScene();
  await scene.refused(scene.stranger(), "unknown_key");
  assert.equal(scene.hits, 1);
});

Deno.test("KeyCache.find() finds a new key as soon as strangers allow it", async () => {
  await using scene = new KeyScene();
  await scene.verify();
  await scene.refused(scene.stranger(), "unknown_key");
  scene.issuer.rotate();
  scene.clock.advance(KEY_SEARCH_MS - 1);
  assert.equal((await scene.unavailable()).retryMs, 1);
  scene.clock.advance(1);
  await scene.verify();
  assert.equal(scene.hits, 3);
});

Deno.test("KeyCache.find() goes on with old keys while their issuer is away", async () => {
  await using scene = new KeyScene();
  const token = scene.issuer.token({ exp: undefined });
  await scene.verify(token);
  await scene.issuer.down();
  for (const ms of [KEYS_FRESH_MS, 60_000, 3_600_000, KEYS_STALE_MS - KEYS_FRESH_MS - 3_660_001]) {
    scene.clock.advance(ms);
    await scene.verify(token);
    await scene.quiet();
  }
  scene.clock.advance(1);
  await scene.unavailable(token);
  assert.deepEqual(scene.warnings.map(({ reason }) => reason), Array(4).fill("not_reachable"));
  assert.deepEqual(scene.warnings[0], {
    url: scene.issuer.keysUrl,
    reason: "not_reachable",
    ms: KEYS_RETRY_MS_MIN,
  });
  scene.issuer.up();
  scene.clock.advance(KEYS_RETRY_MS_MAX);
  await scene.verify(token);
});

Deno.test("KeyCache.find() keeps its keys where it gets something else", async () => {
  const wrong = [
    "garbage",
    "huge",
    "redirect",
    "status 500",
    () => ({}),
    () => ({ keys: [] }),
  ] as const;
  for (const how of wrong) {
    await using scene = new KeyScene();
    await scene.verify();
    scene.issuer.misbehave("keys", how);
    scene.clock.advance(KEYS_FRESH_MS);
    await scene.verify();
    await scene.issuer.asked("keys", 2);
    await scene.quiet();
    assert.equal(scene.warnings.length, 1);
    await scene.verify();
    await scene.unavailable(scene.stranger());
  }
});

Deno.test("KeyCache.find() waits longer after each failure", async () => {
  await using scene = new KeyScene();
  scene.issuer.misbehave("keys", "status 500");
  let hits = 0;
  for (const wait of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
    const { retryMs } = await scene.unavailable();
    assert.equal(retryMs, wait);
    assert.equal(scene.hits, ++hits);
    scene.clock.advance(wait - 1);
    assert.equal((await scene.unavailable(scene.stranger())).retryMs, 1);
    assert.equal(scene.hits, hits);
    scene.clock.advance(1);
  }
  scene.issuer.misbehave("keys", null);
  await scene.verify();
  // A success ends the waits.
  scene.issuer.misbehave("keys", "status 500");
  scene.clock.advance(KEYS_STALE_MS);
  assert.equal((await scene.unavailable()).retryMs, KEYS_RETRY_MS_MIN);
});

Deno.test("KeyCache.find() says neither yes nor no to an unknown key while its issuer is away", async () => {
  await using scene = new KeyScene();
  await scene.verify();
  const before = scene.issuer.token({});
  scene.issuer.rotate();
  scene.issuer.misbehave("keys", "status 500");
  assert.equal((await scene.unavailable()).retryMs, KEYS_RETRY_MS_MIN);
  await scene.unavailable();
  await scene.verify(before);
  assert.equal(scene.hits, 2);
  scene.issuer.misbehave("keys", null);
  scene.clock.advance(KEYS_RETRY_MS_MIN);
  await scene.verify();
  await scene.unavailable(before);
  scene.clock.advance(KEY_SEARCH_MS);
  await scene.refused(before, "unknown_key");
  assert.equal(scene.hits, 4);
});

Deno.test("KeyCache.find() gives up an issuer that hangs, and holds no timer then", async () => {
  await using scene = new KeyScene();
  scene.issuer.misbehave("keys", "hang in body");
  const waiting = Promise.all([scene.unavailable(), scene.unavailable(scene.stranger())]);
  await scene.issuer.asked("keys", 1);
  assert.equal(scene.clock.timers, 1);
  scene.clock.advance(DOCUMENT_MS_MAX);
  const [error] = await within(waiting, 5000, "the request to be given up");
  assert.equal(error.message, `Cannot get the keys of "${scene.issuer.keysUrl}": timed_out`);
  assert.equal(scene.hits, 1);
  assert.equal(scene.clock.timers, 0);
});

Deno.test("KeyCache.find() refuses 10 MiB of keys before they are there", async () => {
  await using scene = new KeyScene();
  scene.issuer.misbehave("keys", "huge");
  const error = await within(scene.unavailable(), 5000, "the keys to be refused");
  assert.match(error.message, /: too_long$/);
  await scene.issuer.left(1);
});

Deno.test("KeyCache.find() survives a fault of what it is given", async () => {
  const clock = new FakeClock();
  const warnings: LogFields[] = [];
  const keys = createRemoteKeys({
    url: "https://example.org/keys",
    fetch: () => Promise.resolve(undefined as unknown as Response),
    clock,
    log: { warn: (_name, fields = {}) => void warnings.push(fields) },
  });
  const token = { payload: "", signature: "" };
  await assert.rejects(keys({ alg: "ES256" }, token), IssuerUnavailableError);
  assert.equal(warnings.length, 1);
  assert.equal(clock.timers, 0);
});
