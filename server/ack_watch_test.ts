import assert from "node:assert/strict";
import { ACK_MS_MAX, PONG_MS_MAX, SILENCE_MS_MAX } from "../limits.ts";
import { AckWatch } from "./ack_watch.ts";
import { CLOSE } from "./close_code.ts";

Deno.test("AckWatch.tick() asks at the deadline and closes when nothing is heard", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(ACK_MS_MAX - 1, 0), "wake");
  assert.equal(watch.tick(ACK_MS_MAX, 0), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX - 1, 0), null);
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX, 0), CLOSE.noPong);
});

Deno.test("AckWatch.tick() tells a client that lives from one that does not", () => {
  const watch = new AckWatch();
  watch.heard();
  assert.equal(watch.tick(ACK_MS_MAX, 0), "ping");
  watch.heard();
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX, 0), CLOSE.ackLate);
});

Deno.test("AckWatch.tick() begins anew once an acknowledgement has come", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(ACK_MS_MAX, 0), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + 1, null), null);
  assert.equal(watch.tick(ACK_MS_MAX + 2, 2), "ping");
});

Deno.test("AckWatch.tick() has a device that stays silent woken for what it was sent since", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(SILENCE_MS_MAX, 0), "wake");
  assert.equal(watch.tick(2 * SILENCE_MS_MAX - 1, 0), null);
  assert.equal(watch.tick(2 * SILENCE_MS_MAX, 0), "wake");
  assert.equal(watch.tick(2 * SILENCE_MS_MAX + 1, 0), null);
  assert.equal(watch.tick(2 * SILENCE_MS_MAX + 2, null), null);
});

Deno.test("AckWatch.tick() has the device woken once for each delivery that waits for 5 s", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(SILENCE_MS_MAX - 1, 0), null);
  assert.equal(watch.tick(SILENCE_MS_MAX, 0), "wake");
  assert.equal(watch.tick(SILENCE_MS_MAX + 1, 0), null);
  assert.equal(watch.tick(SILENCE_MS_MAX + 5, 9), null);
  assert.equal(watch.tick(SILENCE_MS_MAX + 9, 9), "wake");
  assert.equal(watch.tick(ACK_MS_MAX + 9, 9), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + 10, null), null);
  assert.equal(watch.tick(ACK_MS_MAX + 20, ACK_MS_MAX + 20 - SILENCE_MS_MAX), "wake");
});
