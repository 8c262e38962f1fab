import assert from "node:assert/strict";
import { TestClient } from "../harness/client.ts";
import { startServer } from "../harness/server_process.ts";
import { repeat, sampleOf, sendersOf } from "./repeats.ts";
import { sentAt, story } from "./story.ts";

Deno.test("sampleOf() takes the newest, and some from all over what is older", () => {
  const { history } = story(1000);
  const [alice] = sendersOf(history);
  assert.ok(alice);
  const numbers = sampleOf(alice, 30, sentAt(901)).map(({ seq }) => seq);
  assert.deepEqual(numbers, [1, 180, 359, 538, 717, 896, 897, 898, 899, 900]);
  // Where there are few, all of them, each once.
  assert.deepEqual(sampleOf(alice, 30, sentAt(4)).map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(sampleOf(alice, 30, sentAt(8)).map(({ seq }) => seq), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("repeat() finds a cid that is not known any more, or stands for another id", async () => {
  await using server = await startServer();
  await using _bob = await TestClient.connect(server.url, { token: await server.token("bob") });
  await using alice = await TestClient.connect(server.url, { token: await server.token("alice") });
  const message = { to: "bob", text: "hello", cid: "1" };
  const id = await alice.sendMessage("bob", "hello", { cid: "1" });
  assert.equal(await repeat(alice, { ...message, id }), null);
  assert.match(await repeat(alice, { ...message, id: "other" }) ?? "", /^got .* first had other$/);
  assert.match(await repeat(alice, { ...message, cid: "2", id }) ?? "", /duplicate: undefined/);
  assert.match(await repeat(alice, { ...message, text: "bye", id }) ?? "", /^was refused with -32/);
});
