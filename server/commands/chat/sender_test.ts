import assert from "node:assert/strict";
import { Outbox } from "./outbox.ts";
import type { End } from "./reconnect.ts";
import { AnswerError, EndedError } from "./rpc_socket.ts";
import { sendFrom } from "./sender.ts";

interface Sent {
  readonly to: string;
  readonly message: string;
  readonly cid: string;
}

/** What a server answers to a call; null: the connection ends. */
type Answer = object | Error | null;

/** Sends some texts to a server that gives these answers; the connection ends behind the last. */
async function send(texts: readonly string[], answers: readonly ((sent: Sent[]) => Answer)[]) {
  const outbox = new Outbox("c");
  for (const text of texts) outbox.add("bob", text);
  const ended = Promise.withResolvers<End>();
  const calls: Sent[][] = [];
  const told: string[] = [];
  const socket = {
    ended: ended.promise,
    isEnded: false,
    call(method: string, params: unknown): Promise<unknown> {
      assert.equal(method, "msg.send");
      const { messages } = params as { messages: Sent[] };
      const answer = answers[calls.length]?.(messages) ?? null;
      calls.push(messages);
      const isLast = calls.length >= answers.length;
      if (isLast || answer === null) {
        socket.isEnded = true;
        ended.resolve({ code: 1006, reason: "" });
      }
      if (answer === null) return Promise.reject(new EndedError("Connection is over"));
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  };
  await sendFrom({
    outbox,
    socket,
    sleep: (ms) => {
      told.push(`slept ${ms}`);
      return Promise.resolve();
    },
    accepted: ({ number }, id) => told.push(`#${number} is ${id}`),
    refused: ({ number }, why) => told.push(`#${number}: ${why}`),
  });
  return { calls, told, left: outbox.size };
}

/** Accepts everything under ids that say what was sent. */
function acceptAll(sent: readonly Sent[]): object {
  return { accepted: sent.map(({ message }, index) => ({ index, id: message })), rejected: [] };
}

Deno.test("sendFrom() sends what waits in one request", async () => {
  const { calls, told, left } = await send(["one", "two"], [acceptAll]);
  assert.deepEqual(calls, [[
    { to: "bob", message: "one", cid: "c-1" },
    { to: "bob", message: "two", cid: "c-2" },
  ]]);
  assert.deepEqual([told, left], [["#1 is one", "#2 is two"], 0]);
});

Deno.test("sendFrom() keeps what was not answered when the connection ends", async () => {
  const { told, left } = await send(["one"], [() => null]);
  assert.deepEqual([told, left], [[], 1]);
});

Deno.test("sendFrom() tells which messages were refused", async () => {
  const answer = {
    accepted: [{ index: 1, id: "x" }],
    rejected: [{ index: 0, code: -32002, message: "Receiver does not exist" }],
  };
  const { told, left } = await send(["one", "two"], [() => answer]);
  assert.deepEqual(told, ["#2 is x", "#1: Receiver does not exist"]);
  assert.equal(left, 0);
});

Deno.test("sendFrom() waits, and sends the same again, where that can help", async () => {
  const busy = () => new AnswerError("Server is busy", true, 2);
  const { calls, told } = await send(["one", "two"], [busy, acceptAll]);
  assert.deepEqual(calls[0], calls[1]);
  assert.deepEqual(told, ["slept 2000", "#1 is one", "#2 is two"]);
});

Deno.test("sendFrom() asks for less at once after it asked for too much", async () => {
  const limited = () => new AnswerError("Too many requests", true, 1);
  const texts = Array.from({ length: 120 }, (_, index) => String(index));
  const { calls } = await send(texts, [limited, limited, acceptAll, acceptAll]);
  assert.deepEqual(calls.map((sent) => sent.length), [100, 50, 25, 25]);
  assert.equal(calls[3]?.[0]?.message, "25");
});

Deno.test("sendFrom() gives up messages that the server never takes", async () => {
  const { told, left } = await send(["one", "two"], [
    () => new AnswerError("Not allowed", false, 1),
  ]);
  assert.deepEqual(told, ["#1: Not allowed", "#2: Not allowed"]);
  assert.equal(left, 0);
});

Deno.test("sendFrom() asks again about a message that an answer leaves out", async () => {
  const first = () => ({ accepted: [{ index: 1, id: "x" }], rejected: [] });
  const { calls, left } = await send(["one", "two"], [first, acceptAll]);
  assert.deepEqual(calls[1], [{ to: "bob", message: "one", cid: "c-1" }]);
  assert.equal(left, 0);
});
