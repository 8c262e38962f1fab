import assert from "node:assert/strict";
import { OUTGOING_BYTES_MAX } from "../limits.ts";
import { CLOSE } from "./close_code.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeTransport } from "./fake_world.ts";
import { Outgoing } from "./outgoing.ts";

function scratch() {
  const transport = new FakeTransport();
  return { transport, outgoing: new Outgoing(transport), clock: new FakeClock() };
}

Deno.test("Outgoing.send() refuses what a peer that does not read has no room for", () => {
  const { transport, outgoing } = scratch();
  transport.bufferedBytes = OUTGOING_BYTES_MAX - 5;
  assert.equal(outgoing.send("12345"), true);
  transport.bufferedBytes = OUTGOING_BYTES_MAX;
  assert.equal(outgoing.send("1"), false);
  assert.deepEqual(transport.sent, ["12345"]);
});

Deno.test("Outgoing.closeAfterAnswers() sends the answers that are being made, then closes", () => {
  const { transport, outgoing, clock } = scratch();
  assert.equal(outgoing.answered("before", true), false);
  outgoing.closeAfterAnswers(CLOSE.badCredential, clock);
  assert.equal(outgoing.answered("one", false), true);
  assert.equal(transport.closedWith, null);
  assert.equal(outgoing.answered(undefined, true), true);
  assert.deepEqual(transport.sent, ["one"]);
  assert.deepEqual(transport.closedWith, CLOSE.badCredential);
  assert.equal(clock.timers, 0);
});

Deno.test("Outgoing.closeAfterAnswers() does not wait for an answer that takes too long", () => {
  const { transport, outgoing, clock } = scratch();
  outgoing.closeAfterAnswers(CLOSE.removed, clock);
  clock.advance(499);
  assert.equal(transport.closedWith, null);
  clock.advance(1);
  assert.deepEqual(transport.closedWith, CLOSE.removed);
});

Deno.test("Outgoing.ended() leaves no timer behind", () => {
  const { outgoing, clock } = scratch();
  outgoing.closeAfterAnswers(CLOSE.removed, clock);
  outgoing.ended();
  assert.equal(clock.timers, 0);
});
