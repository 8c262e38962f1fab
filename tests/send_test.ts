/**
 * Sending, as a client of the running server sees it: the forms of the ancestors' clients and the
 * rich ones (DESIGN §3.2).
 */
import assert from "node:assert/strict";
import { RPC_ERRORS } from "../rpc/mod.ts";
import { FakeClock } from "../server/fake_clock.ts";
import { AnsweredError } from "./harness/client.ts";
import { type LocalServer, testOnBoth } from "./harness/local_server.ts";

async function error(promise: Promise<unknown>): Promise<AnsweredError> {
  const thrown = await promise.then(() => assert.fail("expected an error"), (error) => error);
  assert.ok(thrown instanceof AnsweredError, String(thrown));
  return thrown;
}

async function waiting(server: LocalServer, user: string): Promise<number | undefined> {
  return (await server.store.mailboxes.inspect(user))?.messages;
}

testOnBoth(
  "send - the ancestors' client signs in, sends, receives and answers",
  {},
  async (server) => {
    const [token, bob] = [await server.token("ann"), await server.rawUser("bob")];
    const ann = await server.raw();
    ann.text(`{"id":"a1","method":"auth.jwt","params":{"token":"${token}"}}`);
    assert.deepEqual(await ann.json(), { jsonrpc: "2.0", id: "a1", result: "ACK" });
    ann.text('{"id":"a2","method":"msg.send","params":[{"to":"bob","message":"hello"}]}');
    assert.deepEqual(await ann.json(), { jsonrpc: "2.0", id: "a2", result: "ACK" });
    const call = await bob.json();
    assert.equal(call.jsonrpc, "2.0");
    assert.equal(call.method, "msg.recv");
    assert.equal(typeof call.id, "string");
    const [message, ...more] = call.params;
    assert.deepEqual(more, []);
    assert.deepEqual(Object.keys(message).sort(), ["from", "id", "message", "time", "to"]);
    assert.deepEqual([message.from, message.to, message.message], ["ann", "bob", "hello"]);
    assert.ok(Math.abs(Date.parse(message.time) - Date.now()) < 60_000);
    bob.text(`{"id":"${call.id}","result":"ACK"}`);
    // The seed client is told nothing that it did not ask for: the next frame answers its request.
    bob.text('{"id":"b1","method":"echo","params":{"any":["thing"]}}');
    assert.deepEqual(await bob.json(), { jsonrpc: "2.0", id: "b1", result: { any: ["thing"] } });
    assert.equal(await waiting(server, "bob"), 0);
  },
);

testOnBoth(
  "send - a first request may bring its token, as the ancestors' did",
  {},
  async (server) => {
    const token = await server.token("ann");
    const ann = await server.raw();
    ann.text({ id: "1", method: "echo", params: { token, text: "hi" } });
    assert.equal((await ann.json()).result.text, "hi");
    ann.text({ id: "2", method: "msg.send", params: [{ to: "ann", message: "to myself" }] });
    const frames = [await ann.json(), await ann.json()];
    assert.ok(frames.some(({ id, result }) => id === "2" && result === "ACK"));
    assert.equal(frames.find(({ method }) => method === "msg.recv").params[0].message, "to myself");
    const late = await server.raw();
    late.text({ id: "1", method: "ping" });
    await late.json();
    late.text({ id: "2", method: "echo", params: { token } });
    assert.equal((await late.json()).error.code, RPC_ERRORS.unauthenticated.code);
  },
);

testOnBoth("send - what is sent to the echo bot comes back from it", {}, async (server) => {
  const ann = await server.enter("ann");
  for (const to of ["echo", "ECHO"]) await ann.sendMessage(to, "anybody there?");
  const [first, second] = await ann.received(2);
  for (const message of [first, second]) {
    assert.deepEqual([message?.from, message?.to, message?.message], [
      "echo",
      "ann",
      "anybody there?",
    ]);
  }
});

testOnBoth(
  "send - one's own message comes to oneself, on the sending device too",
  {},
  async (server) => {
    const ann = await server.enter("ann", { device: "phone" });
    const laptop = await server.enter("ann", { device: "laptop" });
    const id = await ann.sendMessage("ann", "remember");
    for (const client of [ann, laptop]) {
      const messages = await client.received(1);
      assert.deepEqual(messages.map((it) => [it.id, it.from, it.to]), [[id, "ann", "ann"]]);
    }
  },
);

testOnBoth(
  "send - one's other devices show what was sent, and the sending one does not",
  {},
  async (server) => {
    await server.know("bob");
    const phone = await server.enter("ann", { device: "phone" });
    const laptop = await server.enter("ann", { device: "laptop" });
    const id = await phone.sendMessage("bob", "hi");
    const back = await laptop.sendMessage("bob", "from the laptop");
    const [seen] = await laptop.received(1);
    assert.deepEqual([seen?.id, seen?.from, seen?.to, seen?.message], [id, "ann", "bob", "hi"]);
    assert.deepEqual((await phone.received(1)).map((message) => message.id), [back]);
    // Everything sent so far is delivered: the echo is behind it.
    await phone.sendMessage("echo", "last");
    await phone.until(() => phone.messages.find(({ from }) => from === "echo"), "the echo");
    assert.equal(phone.messages.some((message) => message.id === id), false);
  },
);

testOnBoth("send - a user with one device costs nothing extra", {}, async (server) => {
  await server.know("bob");
  const ann = await server.enter("ann");
  await ann.sendMessage("bob", "hi");
  assert.equal(await waiting(server, "ann"), 0);
  assert.equal(await waiting(server, "bob"), 1);
});

testOnBoth("send - user ids are compared without case", {}, async (server) => {
  const bob = await server.enter("Bob.Ström@Example.COM");
  const ann = await server.enter("ANN");
  assert.equal(ann.welcome?.user, "ann");
  for (const to of ["BOB.STRÖM@example.com", "bob.stro\u0308m@example.com"]) {
    await ann.sendMessage(to, "hi");
  }
  const messages = await bob.received(2);
  assert.deepEqual(messages.map((it) => it.to), Array(2).fill("bob.ström@example.com"));
  assert.deepEqual(messages.map((it) => it.from), ["ann", "ann"]);
});

testOnBoth("send - every text arrives as it was sent", { store: "kv" }, async (server) => {
  const ann = await server.enter("ann");
  const texts = [
    "Grüße, 世界! 👩‍👩‍👧‍👦 🇺🇳",
    "\u0000\u0001\u001f\u007f\u0085\u2028\u2029\ufeff\ufffd\uffff",
    'quotes " \\ and </script> {"id":1}',
    "line\nbreak\r\n\ttab",
    "\u202eright to left",
    "__proto__",
    "ﷺ".repeat(1000),
    "\u0001".repeat(40_000),
    "🙂".repeat(12_288),
    " ",
  ];
  for (const text of texts) await ann.sendMessage("ann", text);
  const messages = await ann.received(texts.length);
  for (const [n, text] of texts.entries()) assert.ok(messages[n]?.message === text, `text ${n}`);
});

testOnBoth("send - messages of one sender arrive in order", {
  store: "kv",
  env: { TITAN_SEND_RATE: "0" },
}, async (server) => {
  const bob = await server.enter("bob", { window: 7 });
  const ann = await server.enter("ann");
  const texts = Array.from({ length: 300 }, (_, n) => `message ${n}`);
  // None waits for the answer to the one before.
  await Promise.all(texts.map((text) => ann.sendMessage("bob", text)));
  assert.deepEqual((await bob.received(300)).map(({ message }) => message), texts);
});

testOnBoth("send - an unknown receiver is an error", {}, async (server) => {
  const ann = await server.enter("ann");
  for (const to of ["nobody", "__proto__", "constructor", "tostring"]) {
    const params = [{ to, message: "hi" }];
    const { code, data } = await error(ann.request("msg.send", params));
    assert.equal(code, RPC_ERRORS.unknown_receiver.code, to);
    assert.equal(data["index"], 0);
    const report = await ann.sendMessages(params);
    assert.deepEqual(report.accepted, []);
    assert.deepEqual(report.rejected.map((it) => [it.index, it.code]), [[0, code]]);
  }
});

testOnBoth("send - by position it is all or nothing", {}, async (server) => {
  await server.know("bob");
  const ann = await server.enter("ann");
  const bad = [
    { to: "nobody", message: "hi" },
    { to: "bob", message: "" },
    { to: "bob" },
    { to: "bob", message: 7 },
    { to: "", message: "hi" },
    { to: "bob", message: "hi", ttl: 0 },
    { to: "bob", message: "hi", time: "yesterday" },
    null,
  ];
  for (const one of bad) {
    const params = [{ to: "bob", message: "good" }, one, { to: "bob", message: "good too" }];
    const { data } = await error(ann.request("msg.send", params));
    assert.equal(data["index"], 1, JSON.stringify(one));
    assert.equal(await waiting(server, "bob"), 0);
  }
  const three = Array(3).fill({ to: "bob", message: "good" });
  assert.equal(await ann.request("msg.send", three), "ACK");
  assert.equal(await waiting(server, "bob"), 3);
});

testOnBoth("send - by name each message stands for itself", {}, async (server) => {
  const bob = await server.enter("bob");
  const ann = await server.enter("ann");
  const { accepted, rejected } = await ann.sendMessages([
    { to: "bob", message: "zero", cid: "c0" },
    { to: "nobody", message: "one" },
    { to: "bob", message: "" },
    { to: "bob", message: "three" },
    { to: "bob", message: "x".repeat(48 * 1024 + 1) },
  ]);
  assert.deepEqual(accepted.map(({ index, cid }) => [index, cid]), [[0, "c0"], [3, undefined]]);
  assert.deepEqual(rejected.map(({ index, code, retryable }) => [index, code, retryable]), [
    [1, RPC_ERRORS.unknown_receiver.code, false],
    [2, RPC_ERRORS.invalid_params.code, false],
    [4, RPC_ERRORS.message_too_long.code, false],
  ]);
  const messages = await bob.received(2);
  assert.deepEqual(
    messages.map(({ id, time }) => [id, time]),
    accepted.map((it) => [it.id, it.time]),
  );
  assert.deepEqual(messages.map(({ message }) => message), ["zero", "three"]);
});

testOnBoth("send - the same cid gets the first answer again, and is stored once (I5)", {
  store: "kv",
}, async (server) => {
  const bob = await server.enter("bob");
  const ann = await server.enter("ann");
  const other = await server.enter("ann", { device: "laptop" });
  const carl = await server.enter("carl");
  const message = { to: "bob", message: "once", cid: "c1" };
  const [first] = (await ann.sendMessages([message])).accepted;
  assert.equal(first?.duplicate, undefined);
  // From another device, with another case, within one call.
  for (const client of [ann, other]) {
    const { accepted } = await client.sendMessages([message, { ...message, to: "BOB" }]);
    for (const it of accepted) {
      assert.deepEqual([it.id, it.time, it.cid, it.duplicate], [
        first?.id,
        first?.time,
        "c1",
        true,
      ]);
    }
  }
  assert.equal(await ann.request("msg.send", [message]), "ACK");
  for (const conflict of [{ ...message, message: "twice" }, { ...message, to: "carl" }]) {
    const { rejected } = await ann.sendMessages([conflict]);
    assert.equal(rejected[0]?.code, RPC_ERRORS.cid_conflict.code);
  }
  // Another sender's cid is another cid.
  const [theirs] = (await carl.sendMessages([message])).accepted;
  assert.equal(theirs?.duplicate, undefined);
  assert.deepEqual((await bob.received(2)).map(({ id }) => id), [first?.id, theirs?.id]);
});

testOnBoth("send - two messages of one call with one cid are one", {}, async (server) => {
  await server.know("bob");
  const ann = await server.enter("ann");
  const message = { to: "bob", message: "once", cid: "c" };
  const { accepted } = await ann.sendMessages([message, message]);
  assert.equal(accepted[0]?.id, accepted[1]?.id);
  assert.equal(accepted[1]?.duplicate, true);
  assert.equal(await waiting(server, "bob"), 1);
});

testOnBoth(
  "send - a message past its ttl is never delivered, and its sender is told",
  () => ({ clock: new FakeClock() }),
  async (server) => {
    const clock = server.clock as FakeClock;
    await server.know("bob");
    const ann = await server.enter("ann", { receipts: true });
    const mute = await server.enter("mute", { receipts: false });
    const short = await ann.sendMessage("bob", "short", { ttl: 10 });
    await mute.sendMessage("bob", "short too", { ttl: 10 });
    const long = await ann.sendMessage("bob", "long", { ttl: 20 });
    clock.advance(10_000);
    const bob = await server.enter("bob");
    assert.equal(bob.welcome?.pending, 1);
    assert.deepEqual((await bob.received(1)).map(({ id }) => id), [long]);
    await server.server.gateway.sweep();
    const expired = await ann.receiptOf(short);
    assert.deepEqual([expired.to, expired.state], ["bob", "expired"]);
    assert.equal((await ann.receiptOf(long)).state, "delivered");
    await mute.request("echo", {});
    assert.deepEqual(mute.receipts, []);
  },
);

testOnBoth("send - receipts come live, and later to who was away", {}, async (server) => {
  const ann = await server.enter("ann", { receipts: true });
  await server.know("bob");
  const early = await ann.sendMessage("bob", "early");
  const bob = await server.enter("bob", { receipts: true });
  const receipt = await ann.receiptOf(early);
  assert.deepEqual(Object.keys(receipt).sort(), ["id", "state", "time", "to"]);
  assert.deepEqual([receipt.to, receipt.state], ["bob", "delivered"]);
  await bob.close();
  const late = await ann.sendMessage("bob", "late");
  await ann.close();
  const again = await server.enter("bob", { receipts: true });
  await again.received(1);
  // An answer says that the acknowledgement before it was heard.
  await again.request("echo", {});
  const back = await server.enter("ann", { receipts: true });
  assert.equal((await back.receiptOf(late)).state, "delivered");
  assert.deepEqual(back.receipts.map(({ id }) => id), [late]);
  assert.deepEqual(back.messages, []);
  await again.request("echo", {});
  assert.deepEqual(again.receipts, []);
  assert.deepEqual(bob.receipts, []);
});

testOnBoth("send - a receipt comes once, when the first device has it", {}, async (server) => {
  const ann = await server.enter("ann", { receipts: true });
  const phone = await server.enter("bob", { device: "phone" });
  const laptop = await server.enter("bob", { device: "laptop", acknowledge: false });
  const id = await ann.sendMessage("bob", "hi");
  await ann.receiptOf(id);
  const [delivery] = await laptop.until(() => laptop.deliveries[0] && laptop.deliveries, "hi");
  if (delivery !== undefined) laptop.acknowledge(delivery);
  await laptop.request("echo", {});
  await phone.request("echo", {});
  await ann.request("echo", {});
  assert.equal(ann.receipts.length, 1);
});

testOnBoth(
  "send - a time that was written is kept, and no time lies in the future",
  {},
  async (server) => {
    const ann = await server.enter("ann");
    const past = "2020-01-02T03:04:05.000Z";
    const started = Date.now();
    for (const time of [past, Date.parse(past), "2020-01-02T04:04:05+01:00"]) {
      await ann.request("msg.send", [{ to: "ann", message: "then", time }]);
    }
    for (const time of ["2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", undefined]) {
      await ann.request("msg.send", [{ to: "ann", message: "now", time }]);
    }
    const times = (await ann.received(6)).map(({ time }) => time);
    assert.deepEqual(times.slice(0, 3), [past, past, past]);
    for (const time of times.slice(3)) {
      assert.ok(Date.parse(time) >= started && Date.parse(time) <= Date.now(), time);
    }
  },
);

testOnBoth("send - echo answers anything as it is", {}, async (server) => {
  const ann = await server.rawUser("ann");
  for (
    const params of ['{"a":{"__proto__":1}}', "[1,[2,[3]]]", '{"token":"x"}', "[]", '[null,"é🙂"]']
  ) {
    ann.text(`{"jsonrpc":"2.0","id":1,"method":"echo","params":${params}}`);
    assert.deepEqual(await ann.next(), {
      kind: "text",
      text: `{"jsonrpc":"2.0","id":1,"result":${params}}`,
    });
  }
  ann.text({ id: 1, method: "echo" });
  assert.equal((await ann.json()).result, null);
});

testOnBoth("send - ids of requests are answered as they came", {}, async (server) => {
  const ann = await server.rawUser("ann");
  for (const id of ['"a"', '""', "0", "-1", "1.5", "null", '"__proto__"', '"é\\n"']) {
    ann.text(`{"jsonrpc":"2.0","id":${id},"method":"echo"}`);
    assert.deepEqual((await ann.json()).id, JSON.parse(id));
  }
});

testOnBoth("send - a batch answers each request and no notification", {}, async (server) => {
  const ann = await server.rawUser("ann");
  await server.know("bob");
  ann.text([
    { jsonrpc: "2.0", id: 1, method: "echo", params: ["a"] },
    { method: "msg.send", params: [{ to: "bob", message: "noted" }] },
    { id: "2", method: "msg.send", params: [{ to: "bob", message: "hi" }] },
    { id: 3, method: "nothing" },
    7,
  ]);
  const answers = await ann.json();
  assert.deepEqual(answers.map(({ id }: { id: unknown }) => id), [1, "2", 3, null]);
  assert.equal(answers[1].result, "ACK");
  assert.equal(answers[2].error.code, RPC_ERRORS.method_not_found.code);
  assert.equal(answers[3].error.code, RPC_ERRORS.invalid_request.code);
  assert.equal(await waiting(server, "bob"), 2);
  // Nothing at all answers notifications alone.
  ann.text([{ method: "echo" }, { method: "nothing" }]);
  ann.text({ method: "nothing" });
  ann.text({ id: "end", method: "echo" });
  assert.equal((await ann.json()).id, "end");
});
