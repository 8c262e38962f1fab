import assert from "node:assert/strict";
import { ACK_MS_MAX, PONG_MS_MAX, SILENCE_MS_MAX } from "../limits.ts";
import { AckWatch } from "./ack_watch.ts";
import { CLOSE } from "./close_code.ts";

Deno.test("AckWatch.tick() asks at the deadline and closes when nothing is heard", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(ACK_MS_MAX - 1, 0, 0), "wake");
  assert.equal(watch.tick(ACK_MS_MAX, 0, 0), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX - 1, 0, 0), null);
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX, 0, 0), CLOSE.noPong);
});

Deno.test("AckWatch.tick() tells a client that lives from one that does not", () => {
  const watch = new AckWatch();
  watch.heard();
  assert.equal(watch.tick(ACK_MS_MAX, 0, 0), "ping");
  watch.heard();
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX, 0, 0), CLOSE.ackLate);
});

Deno.test("AckWatch.tick() begins anew once an acknowledgement has come", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(ACK_MS_MAX, 0, 0), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + 1, null, 0), null);
  assert.equal(watch.tick(ACK_MS_MAX + 2, 2, 0), "ping");
});

Deno.test("AckWatch.tick() has the device woken once for each delivery that waits for 5 s", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(SILENCE_MS_MAX - 1, 0, 0), null);
  assert.equal(watch.tick(SILENCE_MS_MAX, 0, 0), "wake");
  assert.equal(watch.tick(SILENCE_MS_MAX + 1, 0, 0), null);
  assert.equal(watch.tick(SILENCE_MS_MAX + 5, 9, 0), null);
  assert.equal(watch.tick(SILENCE_MS_MAX + 9, 9, 0), "wake");
  assert.equal(watch.tick(ACK_MS_MAX + 9, 9, 0), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + 10, null, 0), null);
  assert.equal(watch.tick(ACK_MS_MAX + 20, ACK_MS_MAX + 20 - SILENCE_MS_MAX, 0), "wake");
});

Deno.test("AckWatch.tick() has the device woken again for what came behind a silent delivery", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(SILENCE_MS_MAX, 0, 1), "wake");
  assert.equal(watch.tick(8000, 0, 2), null);
  assert.equal(watch.tick(8000 + SILENCE_MS_MAX - 1, 0, 3), null);
  assert.equal(watch.tick(8000 + SILENCE_MS_MAX, 0, 3), "wake");
  assert.equal(watch.tick(20_000, 0, 3), null);
  assert.equal(watch.tick(ACK_MS_MAX - 1, 0, 4), null);
  assert.equal(watch.tick(ACK_MS_MAX, 0, 4), "ping");
  assert.equal(watch.tick(ACK_MS_MAX + SILENCE_MS_MAX, 0, 4), "wake");
  assert.equal(watch.tick(ACK_MS_MAX + PONG_MS_MAX, 0, 4), CLOSE.noPong);
});

Deno.test("AckWatch.tick() wakes nobody for news that was acknowledged in time", () => {
  const watch = new AckWatch();
  assert.equal(watch.tick(SILENCE_MS_MAX, 0, 1), "wake");
  assert.equal(watch.tick(SILENCE_MS_MAX + 1, 0, 2), null);
  assert.equal(watch.tick(SILENCE_MS_MAX + 2, null, 2), null);
  assert.equal(watch.tick(60_000, null, 2), null);
});
