import assert from "node:assert/strict";
import { senderMark } from "./keys.ts";
import { markOf, SenderMarks } from "./sender_marks.ts";

Deno.test("SenderMarks.of() answers the same mark for a sender, and another for each", () => {
  const marks = new SenderMarks();
  const senders = ["alice", "bob", "", "__proto__", "語".repeat(42)];
  for (let turn = 0; turn < 2; turn++) {
    const expected = senders.map((sender) => markOf(senderMark(sender)));
    assert.deepEqual(senders.map((sender) => marks.of(sender)), expected);
  }
  assert.equal(new Set(senders.map(senderMark)).size, senders.length);
});

Deno.test("SenderMarks remember no more than they may, and answer right for all", () => {
  const marks = new SenderMarks(3);
  for (const sender of ["a", "b", "c", "a", "d", "e", "a", "b"]) {
    assert.equal(marks.of(sender).text, senderMark(sender));
    assert.ok(marks.size <= 3);
  }
  assert.equal(marks.size, 3);
});

Deno.test("markOf() takes any text, and tells most apart", () => {
  assert.deepEqual(markOf(""), { text: "", hash: 0 });
  const senders = Array.from({ length: 10_000 }, (_, index) => senderMark(`user${index}`));
  const hashes = new Set(senders.map((text) => markOf(text).hash));
  assert.ok(hashes.size > 9990, `${hashes.size}`);
  for (const hash of hashes) assert.equal(hash, hash | 0);
});
