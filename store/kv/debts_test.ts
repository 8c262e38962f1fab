import assert from "node:assert/strict";
import { storedCursor } from "./cursor.ts";
import { Debts, owedBy } from "./debts.ts";
import { outboxKey } from "./keys.ts";

const reach = { provider: "fcm", upTo: 4, at: 0 } as const;
const state = { position: 2, sent: 2, live: false };

Deno.test("owedBy() names the devices that a push reaches and that neither read nor heard of the newest", () => {
  const cursors = [
    storedCursor("told", { ...state, reach: { ...reach, upTo: 5 } }),
    storedCursor("read", { ...state, position: 5, reach }),
    storedCursor("owed", { ...state, reach }),
    storedCursor("deaf", state),
  ];
  assert.equal(owedBy(cursors, 5), '[["owed","fcm"]]');
  assert.equal(owedBy(cursors, 4), "");
});

Deno.test("Debts.writes() writes what is new and takes away what is over, and else nothing", () => {
  const debts = new Debts();
  debts.load(undefined);
  assert.deepEqual(debts.writes("bob", ""), []);
  const value = new TextEncoder().encode("[1]");
  assert.deepEqual(debts.writes("bob", "[1]"), [{ key: outboxKey("bob"), value }]);
  debts.begin();
  debts.done("[1]");
  assert.deepEqual([debts.told, debts.writes("bob", "[1]")], ["[1]", []]);
  assert.deepEqual(debts.writes("bob", ""), [{ key: outboxKey("bob"), value: null }]);
});

Deno.test("Debts.writes() writes once more what a commit that threw may have made, a restart later too", () => {
  const debts = new Debts();
  debts.begin();
  assert.equal(debts.writes("bob", "").length, 1);
  const later = new Debts();
  later.load(debts.told);
  assert.equal(later.writes("bob", "").length, 1);
});
