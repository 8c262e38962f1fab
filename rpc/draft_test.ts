import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { TTL_SECONDS_MAX } from "../limits.ts";
import { draftOf, type SendItem } from "./draft.ts";
import { ANN, FakeServices, FakeSession, NOW } from "./fake_session.ts";
import { createIsoTime } from "./iso_time.ts";

const TIME = "2026-11-22T16:00:00.000Z";

function draft(item: Partial<SendItem>, receipts = false) {
  const session = new FakeSession(ANN);
  session.receipts = receipts;
  return draftOf({ to: "bob", message: "hi", ...item }, {
    session,
    identity: ANN,
    services: new FakeServices(),
    now: NOW,
    isoTime: createIsoTime(),
  });
}

Deno.test("draftOf() fills in what the sender left out", () => {
  const body = `{"id":"ID1","from":"ann","to":"bob","time":"${TIME}","message":"hi"}`;
  assert.deepEqual(draft({}), {
    id: "ID1",
    kind: "message",
    sender: "ann",
    from: "ann",
    to: "bob",
    device: "phone",
    time: NOW,
    expires: NOW + TTL_SECONDS_MAX * 1000,
    cid: undefined,
    fingerprint: undefined,
    receipt: false,
    urgent: false,
    body,
    bytes: body.length,
  });
});

Deno.test("draftOf() measures the body in bytes", () => {
  const { body, bytes } = draft({ message: "für 🐝" });
  assert.equal(bytes, Buffer.byteLength(body));
  assert.notEqual(bytes, body.length);
});

Deno.test("draftOf() keeps the time to live in seconds, urgency, and whether receipts are wanted", () => {
  assert.equal(draft({ urgent: true }).urgent, true);
  assert.equal(draft({ ttl: 5 }).expires, NOW + 5000);
  assert.equal(draft({}, true).receipt, true);
});

Deno.test("draftOf() lets the echo bot answer the sender", () => {
  const { sender, from, to, body } = draft({ to: "echo" });
  assert.deepEqual({ sender, from, to }, { sender: "ann", from: "echo", to: "ann" });
  const { from: bodyFrom, to: bodyTo } = JSON.parse(body);
  assert.deepEqual([bodyFrom, bodyTo], ["echo", "ann"]);
});

Deno.test("draftOf() tells when a message was written, as far as that can be", () => {
  function told(time: string | number) {
    const { body, time: accepted } = draft({ time });
    assert.equal(accepted, NOW);
    return JSON.parse(body).time;
  }
  const written = "2026-11-22T15:59:58.123Z";
  assert.equal(told(written), written);
  assert.equal(told(Date.parse(written)), written);
  assert.equal(told("2026-11-22T18:59:58.123456789+03:00"), written);
  assert.equal(told(0), "1970-01-01T00:00:00.000Z");
  assert.equal(told(NOW), TIME);
  // What lies in the future, or before there were computers to write it, did not happen.
  assert.equal(told(NOW + 1), TIME);
  assert.equal(told("2999-01-01T00:00:00Z"), TIME);
  assert.equal(told(-1), TIME);
  assert.equal(told("0001-01-01T00:00:00Z"), TIME);
});

Deno.test("draftOf() makes equal fingerprints of equal contents alone", () => {
  const first = draft({ cid: "c1" });
  assert.equal(first.cid, "c1");
  assert.match(first.fingerprint ?? "", /^[\w-]{22}$/);
  const again = draft({ cid: "c2", ttl: 5, time: 0 });
  assert.equal(again.fingerprint, first.fingerprint);
  for (const other of [{ message: "ho" }, { to: "bo", message: "bhi" }, { to: "ann" }]) {
    assert.notEqual(draft({ cid: "c1", ...other }).fingerprint, first.fingerprint);
  }
});
