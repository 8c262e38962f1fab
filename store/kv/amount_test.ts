import assert from "node:assert/strict";
import { type Amount, amountWith, count, NOTHING } from "./amount.ts";
import { makeEntry } from "./fake_entries.ts";

Deno.test("count() adds an entry and takes it out again, receipts without their bytes", () => {
  const amount: Amount = { ...NOTHING };
  const entries = [makeEntry(1, { bytes: 10 }), makeEntry(2, { kind: "receipt", bytes: 5 })];
  for (const entry of entries) count(amount, entry, 1);
  assert.deepEqual(amount, { messages: 1, bytes: 10, receipts: 1 });
  for (const entry of entries) count(amount, entry, -1);
  assert.deepEqual(amount, NOTHING);
});

Deno.test("amountWith() leaves alone what it adds to", () => {
  const amount = { messages: 1, bytes: 1, receipts: 1 };
  const sum = amountWith(amount, [makeEntry(1, { bytes: 2 })]);
  assert.deepEqual(sum, { messages: 2, bytes: 3, receipts: 1 });
  assert.deepEqual(amount, { messages: 1, bytes: 1, receipts: 1 });
});
