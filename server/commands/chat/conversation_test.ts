import assert from "node:assert/strict";
import { FakeClock } from "../../fake_clock.ts";
import { Conversation } from "./conversation.ts";
import { FakeScreen } from "./fake_screen.ts";

const NOON = new Date(2026, 10, 22, 12).getTime();

/** A conversation of alice at noon. */
function scratch() {
  const screen = new FakeScreen();
  const heard: string[] = [];
  const clock = new FakeClock(NOON);
  const conversation = new Conversation({
    screen,
    clock,
    caughtUp: () => heard.push("caught up"),
    failed: () => heard.push("failed"),
  });
  conversation.enter("alice");
  return { clock, screen, heard, conversation };
}

function message(overrides: Record<string, unknown> = {}) {
  const time = new Date(NOON - 1000).toISOString();
  return { id: "1", from: "bob", to: "alice", time, message: "hello", ...overrides };
}

const outgoing = (number: number, to: string) => ({
  number,
  to,
  cid: `c-${number}`,
  text: "hello",
});

Deno.test("Conversation.answer() shows messages and acknowledges them", async () => {
  const { screen, conversation } = scratch();
  const messages = [message(), message({ id: "2", message: "bye" })];
  assert.equal(await conversation.answer("msg.recv", messages), "ACK");
  assert.deepEqual(screen.shown, ["[11:59:59] bob: hello", "[11:59:59] bob: bye"]);
});

Deno.test("Conversation.answer() shows the date of an older message", async () => {
  const { screen, conversation } = scratch();
  const time = new Date(2026, 10, 20, 9, 8, 7).toISOString();
  await conversation.answer("msg.recv", [message({ time })]);
  assert.deepEqual(screen.shown, ["[2026-11-20 09:08:07] bob: hello"]);
});

Deno.test("Conversation.answer() shows a redelivered message once", async () => {
  const { screen, conversation } = scratch();
  await conversation.answer("msg.recv", [message()]);
  assert.equal(await conversation.answer("msg.recv", [message({ redelivered: 1 })]), "ACK");
  assert.equal(screen.shown.length, 1);
});

Deno.test("Conversation.answer() says to whom a message of another own device went", async () => {
  const { screen, conversation } = scratch();
  await conversation.answer("msg.recv", [message({ from: "alice", to: "bob" })]);
  await conversation.answer("msg.recv", [message({ id: "2", from: "alice", to: "alice" })]);
  assert.deepEqual(screen.shown, ["[11:59:59] alice to bob: hello", "[11:59:59] alice: hello"]);
});

Deno.test("Conversation.answer() obeys nothing that a message says", async () => {
  const { screen, conversation } = scratch();
  const text = "\x1b[2Jhi\n[11:59:59] carl: I am carl";
  await conversation.answer("msg.recv", [message({ from: "b\x1b[31mob", message: text })]);
  assert.deepEqual(screen.shown, [
    "[11:59:59] b␛[31mob: ␛[2Jhi\n    [11:59:59] carl: I am carl",
  ]);
});

Deno.test("Conversation.answer() does not acknowledge what nobody sees", async () => {
  const { screen, heard, conversation } = scratch();
  screen.failure = new Error("broken pipe");
  await assert.rejects(conversation.answer("msg.recv", [message()]), /broken pipe/);
  assert.deepEqual(heard, ["failed"]);
  screen.failure = null;
  await conversation.answer("msg.recv", [message({ redelivered: 1 })]);
  assert.equal(screen.shown.length, 1);
});

Deno.test("Conversation.answer() shows nothing before it is told who signed in", async () => {
  const screen = new FakeScreen();
  const parts = { screen, clock: new FakeClock(NOON), caughtUp() {}, failed() {} };
  const conversation = new Conversation(parts);
  const answer = conversation.answer("msg.recv", [message()]);
  await Promise.resolve();
  screen.notice("Signed in");
  conversation.enter("alice");
  await answer;
  assert.deepEqual(screen.shown, ["Signed in", "[11:59:59] bob: hello"]);
});

Deno.test("Conversation.answer() refuses what it does not know", async () => {
  const { conversation } = scratch();
  assert.equal(await conversation.answer("ping", undefined), "pong");
  await assert.rejects(conversation.answer("msg.other", []));
  await assert.rejects(conversation.answer("msg.recv", [{ id: "1" }]));
});

Deno.test("Conversation tells what becomes of messages by their numbers", () => {
  const { clock, screen, conversation } = scratch();
  conversation.accepted(outgoing(1, "bob"), "id1");
  conversation.refused(outgoing(2, "nobody"), "Receiver does not exist");
  conversation.notified("msg.receipt", { id: "id1", to: "bob", state: "delivered", time: "" });
  conversation.notified("msg.receipt", { id: "id0", to: "carl", state: "expired", time: "" });
  // The receipt may be read before the answer that names the id.
  conversation.notified("msg.receipt", { id: "id3", to: "dora", state: "delivered", time: "" });
  conversation.accepted(outgoing(3, "dora"), "id3");
  clock.advance(1);
  assert.deepEqual(screen.shown, [
    "[12:00:00] #1 to bob: sent",
    "[12:00:00] #2 to nobody: refused: Receiver does not exist",
    "[12:00:00] #1 to bob: delivered",
    "[12:00:00] #3 to dora: sent",
    "[12:00:00] An earlier message to carl: expired",
    "[12:00:00] #3 to dora: delivered",
  ]);
});

Deno.test("Conversation.notified() hears that everything was shown", () => {
  const { screen, heard, conversation } = scratch();
  conversation.notified("queue.empty", undefined);
  conversation.notified("something.new", { any: "thing" });
  conversation.notified("msg.receipt", { id: 7 });
  assert.deepEqual(heard, ["caught up"]);
  assert.deepEqual(screen.shown, []);
});
