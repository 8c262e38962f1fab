/**
 * A server goes down under 5,000 people, who all come back to another one.
 */
import assert from "node:assert/strict";
import { patiently } from "../chaos/patiently.ts";
import { StallWatch } from "../chaos/stall_watch.ts";
import { TestClient } from "../harness/client.ts";
import { type ServerProcess, startServer } from "../harness/server_process.ts";

const PEOPLE = 5000;

/** So many connections a second are sent away. */
const RATE = 500;

/** What the server beside it is given in one second at the most: the rate of the drain, and chance. */
const ARRIVALS_MAX = 1.5 * RATE;

/** What a client waits that was told to come back in 2 seconds. */
const BACK_MS = 2000;

const SECRET = "a secret that two servers share and that has more than 32 bytes";

async function start(): Promise<ServerProcess> {
  return await startServer({ env: { TITAN_JWT_SECRET: SECRET, TITAN_LOG: "json" } });
}

async function enterAll(server: ServerProcess): Promise<readonly TestClient[]> {
  const clients: TestClient[] = [];
  let next = 0;
  const worker = async () => {
    while (next < PEOPLE) {
      const token = await server.token(`user-${next++}`);
      clients.push(await patiently(() => TestClient.connect(server.url, { token })));
    }
  };
  await Promise.all(Array.from({ length: 25 }, worker));
  return clients;
}

async function tokensFor(server: ServerProcess): Promise<readonly string[]> {
  const tokens: string[] = [];
  while (tokens.length < PEOPLE) tokens.push(await server.token(`back-${tokens.length}`));
  return tokens;
}

/** Comes back as a client does that was sent away; answers when. */
async function comeBack(to: ServerProcess, client: TestClient, token: string): Promise<number> {
  const { code } = await client.closed;
  assert.equal(code, 4101);
  await new Promise((resolve) => setTimeout(resolve, BACK_MS));
  const arrived = performance.now();
  // A server that has too much to do for a moment says so, and its clients try again.
  const back = await patiently(() => TestClient.connect(to.url, { token }));
  await back.close();
  return arrived;
}

Deno.test("titan serve drains 5,000 connections in 30 s without a storm on the next server", async () => {
  await using leaving = await start();
  await using taking = await start();
  const clients = await enterAll(leaving);
  // Now, so that the clients have the processor for themselves when they are sent away.
  const tokens = await tokensFor(taking);
  using stalls = new StallWatch();
  const asked = performance.now();
  const coming = Promise.all(
    clients.map((client, index) => comeBack(taking, client, tokens[index] ?? "")),
  );
  // Who fails while the server still drains is heard of below.
  coming.catch(() => {});
  leaving.kill("SIGTERM");
  const { code } = await leaving.ended;
  const tookMs = performance.now() - asked;
  const moments = (await coming).sort((a, b) => a - b);
  let from = 0;
  const most = moments.reduce((most, moment, index) => {
    while (moment - (moments[from] ?? 0) >= 1000) from++;
    return Math.max(most, index - from + 1);
  }, 0);
  // All clients are one process here: where that stands still, they come late and together.
  const stallMs = Math.round(stalls.longest(asked, performance.now()));
  const told = `at most ${most} arrivals in a second, clients stood still for ${stallMs} ms`;
  console.log(`drained in ${Math.round(tookMs)} ms, ${told}`);
  assert.equal(code, 0);
  assert.ok(tookMs < 30_000, `${tookMs} ms`);
  assert.ok(most <= ARRIVALS_MAX + RATE * stallMs / 1000, told);
  await taking.stop();
});
