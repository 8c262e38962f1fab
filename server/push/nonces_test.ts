import assert from "node:assert/strict";
import { Seeded } from "../../tests/crash/seeded.ts";
import type { RandomBytes } from "../clock.ts";
import { Nonces } from "./nonces.ts";

function createNonces(max: number): Nonces {
  const seeded = new Seeded(1);
  const random: RandomBytes = (buffer) => {
    for (let at = 0; at < buffer.length; at++) buffer[at] = seeded.whole(0, 255);
    return buffer;
  };
  return new Nonces({ max, random });
}

Deno.test("Nonces.take() takes each answer once, and only from whom it was sent to", () => {
  const nonces = createNonces(10);
  const nonce = nonces.issue("ann");
  assert.match(nonce, /^[\w-]{12}$/);
  assert.equal(nonces.take("bob", nonce), false);
  assert.equal(nonces.take("ann", "another"), false);
  assert.equal(nonces.take("ann", nonce), true);
  assert.equal(nonces.take("ann", nonce), false);
});

Deno.test("Nonces remembers at least half as many as it may, and no more than it may", () => {
  const nonces = createNonces(10);
  const issued = Array.from({ length: 100 }, () => nonces.issue("ann"));
  const known = issued.map((nonce) => nonces.take("ann", nonce));
  assert.deepEqual(known.slice(-5), [true, true, true, true, true]);
  assert.ok(known.filter(Boolean).length <= 10);
});

Deno.test("Nonces.issue() never issues one twice", () => {
  const nonces = createNonces(10);
  const issued = new Set(Array.from({ length: 1000 }, () => nonces.issue("ann")));
  assert.equal(issued.size, 1000);
});
