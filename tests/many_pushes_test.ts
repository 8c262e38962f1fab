/**
 * Sleeping devices are woken: the whole server, the embedded store, the providers over the network.
 * More people are in `long/many_pushes_test.ts`.
 */
import assert from "node:assert/strict";
import { PUSHES_IN_FLIGHT_MAX_APNS } from "../limits.ts";
import { Dormitory } from "./pushes/dormitory.ts";
import { playOneEach, playOutage } from "./pushes/scenes.ts";

Deno.test("receivers who are away get exactly one push each", async () => {
  await playOneEach(1000);
});

Deno.test("a provider that is down for a minute loses nothing, and is caught up with at a bounded rate", async () => {
  const { caughtUpMs = 0 } = await playOutage(3000, { kind: "server_error", status: 503 });
  assert.ok(caughtUpMs >= 1000, "so few say nothing about the rate");
});

Deno.test("a provider that hangs slows neither another one nor live delivery", async () => {
  const count = 200;
  await using dormitory = await Dormitory.open();
  const { apns, fcm, server } = dormitory;
  const [stuck, free] = [await dormitory.lay("apns", 600), await dormitory.lay("fcm", count)];
  await using ann = await server.enter("ann");
  await using bob = await server.enter("bob");
  const talk = async (messages: number) => {
    const before = bob.messages.length;
    for (let i = 0; i < messages; i++) await ann.sendMessage("bob", "hello");
    await bob.received(before + messages);
  };
  // The first push of a connection goes alone.
  const [first = "", ...others] = stuck.users;
  await dormitory.sendToAll({ ...stuck, users: [first] });
  await dormitory.untilNow(() => apns.accepted.length === 1, "the first push");
  apns.answer({ kind: "hang" });
  await dormitory.sendToAll({ ...stuck, users: others });
  // A burst goes at once; with some time as many are under way as may be.
  dormitory.clock.advance(100);
  const full = 1 + PUSHES_IN_FLIGHT_MAX_APNS;
  await dormitory.untilNow(() => apns.seen.length >= full, "a full lane");
  // From here on time stands still: whatever waited for APNs, or for any timer, would never come.
  const still = dormitory.clock.monotonic();
  await dormitory.sendToAll(free);
  await talk(200);
  await dormitory.untilNow(() => fcm.seen.length >= count, "the pushes of the other provider");
  assert.equal(dormitory.clock.monotonic(), still);
  assert.deepEqual([apns.seen.length, apns.accepted.length], [full, 1]);
  assert.deepEqual(server.log.of("push service failing"), []);
  // What is given up after 10 s shows that the service is dead; it goes on when it works again.
  dormitory.clock.advance(10_000);
  await dormitory.untilNow(() => dormitory.server.server.pushes.figures.retried > 0, "a failure");
  await talk(200);
  apns.answer({ kind: "accepted" });
  await dormitory.until(() => apns.accepted.length >= 600, "what hung");
  assert.equal(new Set(apns.accepted.map(({ token }) => token)).size, 600);
  assert.equal(fcm.seen.length, count);
});
