import assert from "node:assert/strict";
import { SEND_MESSAGES_MAX } from "../../../limits.ts";
import { Outbox, type Outgoing } from "./outbox.ts";

/** An outbox with messages of some texts to bob. */
function filled(...texts: readonly string[]): Outbox {
  const outbox = new Outbox("c");
  for (const text of texts) outbox.add("bob", text);
  return outbox;
}

/** The message at the head. */
function head(outbox: Outbox): Outgoing {
  const [message] = outbox.batch(1);
  assert.ok(message !== undefined);
  return message;
}

Deno.test("Outbox gives every message a number and a client id of its own", () => {
  const outbox = filled("one", "two");
  assert.deepEqual(outbox.batch(10), [
    { number: 1, cid: "c-1", to: "bob", text: "one" },
    { number: 2, cid: "c-2", to: "bob", text: "two" },
  ]);
});

Deno.test("Outbox keeps messages, and their client ids, until they are settled", () => {
  const outbox = filled("one", "two");
  assert.deepEqual(outbox.batch(1), outbox.batch(1));
  outbox.settle(head(outbox));
  assert.equal(head(outbox).text, "two");
  assert.equal(outbox.size, 1);
});

Deno.test("Outbox.batch() keeps to the messages and bytes of one request", () => {
  const many = filled(...Array.from({ length: SEND_MESSAGES_MAX + 1 }, () => "x"));
  assert.equal(many.batch(SEND_MESSAGES_MAX + 1).length, SEND_MESSAGES_MAX);
  assert.equal(many.batch(3).length, 3);
  const half = "é".repeat(8 * 1024);
  assert.equal(filled(half, half, "x").batch(10).length, 2);
  assert.equal(filled("x".repeat(48 * 1024), "y").batch(10).length, 1);
});

Deno.test("Outbox.isFull holds the input back", () => {
  const outbox = filled(...Array.from({ length: 999 }, () => "x"));
  assert.equal(outbox.isFull, false);
  outbox.add("bob", "one more");
  assert.equal(outbox.isFull, true);
  outbox.settle(head(outbox));
  assert.equal(outbox.isFull, false);
});

Deno.test("Outbox.changed() resolves when a message comes or goes", async () => {
  const outbox = new Outbox("c");
  const come = outbox.changed();
  outbox.add("bob", "one");
  await come;
  const gone = outbox.changed();
  outbox.settle(head(outbox));
  await gone;
});
