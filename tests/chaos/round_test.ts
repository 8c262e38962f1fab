import assert from "node:assert/strict";
import { startServer } from "../harness/server_process.ts";
import { Round } from "./round.ts";
import { roundFigures } from "./round_figures.ts";

/** Messages that are enough to show something. */
const ENOUGH = 50;

Deno.test("Round.check() finds one delivery that is missing, and nothing where none is", async () => {
  await using server = await startServer({ env: { TITAN_SEND_RATE: "0" } });
  const { url, dataDir } = server;
  const sign = (user: string) => server.token(user);
  const options = { name: "a", seed: 1, pairs: 2, window: 2, refusals: [] };
  await using round = await Round.join({ ...options, url, dataDir, sign });
  const receiver = round.history.devices.find(({ user }) => user === "a-r0");
  const deliveries = receiver?.connections[0]?.deliveries;
  assert.ok(deliveries);
  while (deliveries.length < ENOUGH) await round.stage.pause(10);
  const harmed = round.stage.now();
  await round.recovered(harmed);
  await round.drain();
  assert.deepEqual(round.check(), []);
  const moments = { harmed, released: harmed, isNewServer: false };
  const { accepted, delivered } = roundFigures(round.history, moments, round.stage.now());
  assert.ok(accepted >= ENOUGH);
  assert.equal(delivered, accepted);
  deliveries.splice(ENOUGH / 2, 1);
  const lost = round.check().filter(({ rule }) => rule === "I1");
  assert.equal(lost.length, 1);
  assert.match(lost[0]?.what ?? "", /^number 26 of .* was accepted and never reached a-r0\/phone$/);
});
