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

/** What the server says to those whom it sends away. */
const CLOSE_GOING_AWAY = 4101;

/** Clients that stood still for less can be asked why they left, in milliseconds. */
const STALL_MS_MIN = 1000;

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

/** How somebody left, and when they came to the next server. */
interface Arrival {
  readonly code: number;
  readonly moment: number;
}

/** Comes back as a client does that was sent away. */
async function comeBack(to: ServerProcess, client: TestClient, user: string): Promise<Arrival> {
  const { code } = await client.closed;
  await new Promise((resolve) => setTimeout(resolve, BACK_MS));
  const moment = performance.now();
  // A machine that does other things too may send some away, for a moment.
  const token = await to.token(user);
  const back = await patiently(() => TestClient.connect(to.url, { token }));
  await back.close();
  return { code, moment };
}

Deno.test("titan serve drains 5,000 connections in 30 s without a storm on the next server", async () => {
  await using leaving = await start();
  await using taking = await start();
  const clients = await enterAll(leaving);
  using stalls = new StallWatch();
  const asked = performance.now();
  const coming = Promise.all(
    clients.map((client, index) => comeBack(taking, client, `back-${index}`)),
  );
  leaving.kill("SIGTERM");
  const { code } = await leaving.ended;
  const tookMs = performance.now() - asked;
  const arrivals = await coming;
  const moments = arrivals.map(({ moment }) => moment).sort((a, b) => a - b);
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
  // Who does not even read a close is cut after 5 s, and these clients may all stand still.
  const cut = arrivals.filter(({ code }) => code !== CLOSE_GOING_AWAY);
  assert.ok(cut.length === 0 || stallMs > STALL_MS_MIN, `${cut.length} were not told why; ${told}`);
  assert.ok(cut.length < PEOPLE / 100, `${cut.length} were not told why; ${told}`);
  assert.ok(tookMs < 30_000, `${tookMs} ms`);
  assert.ok(most <= ARRIVALS_MAX + RATE * stallMs / 1000, told);
  await taking.stop();
});
