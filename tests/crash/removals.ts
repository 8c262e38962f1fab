/**
 * Killing the process while it removes a user: afterwards there is all of the user, or nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { TestClient } from "../harness/client.ts";
import { startServer } from "../harness/server_process.ts";
import type { KillPoint } from "./fault.ts";
import { startFaulty } from "./faulty_server.ts";
import { keysOf } from "./rows.ts";

/** Messages that wait for the user who is removed. */
const MESSAGES = 50;

/** How long it may take until they are rows, in milliseconds. */
const SETTLE_MS_MAX = 20_000;

/** What belongs to one user, by the first part of its keys. */
const BELONGINGS = ["users", "devices", "mailboxes", "messages", "aside", "removals"];

/** Goes through a removal that dies at a point. @returns whether the user was removed */
export async function dieRemoving(kill: KillPoint): Promise<boolean> {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-removal-" });
  try {
    await fill(dataDir);
    await using dying = await startFaulty({ remove: "victim", kill }, { dataDir });
    const { signal } = await dying.ended;
    assert.equal(signal, "SIGKILL");
    return await look(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** Has messages wait for the user, as rows. */
async function fill(dataDir: string): Promise<void> {
  await using server = await startFaulty({ hurry: 10 }, { dataDir });
  const token = await server.token("victim");
  await using _victim = await TestClient.connect(server.url, { token, acknowledge: false });
  await using sender = await TestClient.connect(server.url, {
    token: await server.token("sender"),
  });
  const text = "x".repeat(2000);
  const messages = Array.from({ length: MESSAGES }, () => ({ to: "victim", message: text }));
  assert.equal((await sender.sendMessages(messages)).accepted.length, MESSAGES);
  const deadline = performance.now() + SETTLE_MS_MAX;
  while ((await keysOf(dataDir, "messages")).length === 0) {
    assert.ok(performance.now() < deadline, "the messages never became rows");
  }
  await server.stop("SIGKILL");
}

/** Starts once more, which finishes what is unfinished, and looks at what there is. */
async function look(dataDir: string): Promise<boolean> {
  await using server = await startServer({ dataDir });
  await server.stop("SIGTERM");
  const counts = new Map<string, number>();
  for (const name of BELONGINGS) {
    const mine = (await keysOf(dataDir, name)).filter(([, user]) => user === "victim");
    counts.set(name, mine.length);
  }
  const isRemoved = counts.get("users") === 0;
  const left = [...counts].filter(([, count]) => count > 0).map(([name]) => name);
  assert.deepEqual(left, isRemoved ? [] : ["users", "devices", "mailboxes", "messages"]);
  await using again = await startServer({ dataDir });
  const token = await again.token("victim");
  await using victim = await TestClient.connect(again.url, { token });
  assert.equal(victim.welcome?.pending, isRemoved ? 0 : MESSAGES);
  return isRemoved;
}
