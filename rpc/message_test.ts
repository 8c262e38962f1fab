import assert from "node:assert/strict";
import fc from "fast-check";
import {
  acknowledgedBy,
  bodyOf,
  pingFrame,
  queueEmptyFrame,
  readBody,
  readReceipt,
  receiptBody,
  receiptFrame,
  recvFrame,
} from "./message.ts";

const time = "2026-11-22T16:00:00.000Z";

Deno.test("bodyOf() writes one line of JSON with any names and text", () => {
  const any = fc.string({ unit: "binary" });
  fc.assert(fc.property(any, any, any, (from, to, message) => {
    const body = bodyOf({ id: "ID1", from, to, time, message });
    assert.deepEqual(JSON.parse(body), { id: "ID1", from, to, time, message });
    assert.doesNotMatch(body, /[\n\r\t]/);
  }));
});

Deno.test("bodyOf() keeps the order of the members", () => {
  assert.equal(
    bodyOf({ id: "ID1", from: "ann", to: "bob", time, message: 'a "b"\n' }),
    `{"id":"ID1","from":"ann","to":"bob","time":"${time}","message":"a \\"b\\"\\n"}`,
  );
});

Deno.test("readBody() and readReceipt() read what was written", () => {
  const message = { id: "ID1", from: "__proto__", to: "bob", time, message: 'a "b"\n' };
  assert.deepEqual(readBody(bodyOf(message)), message);
  const receipt = { id: "ID1", to: 'b"ob', state: "expired", time } as const;
  assert.deepEqual(readReceipt(receiptBody(receipt)), receipt);
});

Deno.test("recvFrame() writes a request of the bodies, in order", () => {
  const one = { id: "ID1", from: "ann", to: "bob", time, message: "1" };
  const two = { id: "ID2", from: "cid", to: "bob", time, message: "}" };
  const frame = recvFrame("r1", [
    { entry: { body: bodyOf(one) }, redelivered: 0 },
    { entry: { body: bodyOf(two) }, redelivered: 3 },
  ]);
  assert.deepEqual(JSON.parse(frame), {
    jsonrpc: "2.0",
    id: "r1",
    method: "msg.recv",
    params: [one, { ...two, redelivered: 3 }],
  });
});

Deno.test("receiptFrame() writes a notification of the kept receipt", () => {
  const receipt = { id: "ID1", to: 'b"ob', state: "delivered", time } as const;
  assert.deepEqual(JSON.parse(receiptFrame(receiptBody(receipt))), {
    jsonrpc: "2.0",
    method: "msg.receipt",
    params: receipt,
  });
  assert.doesNotMatch(receiptBody({ ...receipt, to: "a\nb\tc" }), /[\n\t]/);
});

Deno.test("queueEmptyFrame() writes a notification, pingFrame() a request", () => {
  assert.deepEqual(JSON.parse(queueEmptyFrame()), { jsonrpc: "2.0", method: "queue.empty" });
  assert.deepEqual(JSON.parse(pingFrame("p1")), { jsonrpc: "2.0", id: "p1", method: "ping" });
});

Deno.test("acknowledgedBy() takes any result for all, but an object with ack at its word", () => {
  for (const result of ["ACK", null, true, 0, {}, [], ["ID1"]]) {
    assert.equal(acknowledgedBy(result), "all");
  }
  assert.deepEqual(acknowledgedBy({ ack: ["ID1", "ID2"] }), ["ID1", "ID2"]);
  assert.deepEqual(acknowledgedBy({ ack: [] }), []);
});

Deno.test("acknowledgedBy() acknowledges nothing where ack is no list of ids", () => {
  for (const ack of [null, "ID1", 5, [5], ["ID1", null], { 0: "ID1" }]) {
    assert.equal(acknowledgedBy({ ack }), undefined);
  }
});
