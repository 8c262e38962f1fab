import assert from "node:assert/strict";
import { makeEntry } from "./fake_entries.ts";
import { Tally } from "./tally.ts";

const NOW = 1000;

Deno.test("Tally.add() counts each message once, and nothing that is not worth a push", () => {
  const tally = new Tally(3);
  const expires = NOW + 1;
  for (let turn = 0; turn < 2; turn++) {
    tally.add(makeEntry(3, { expires }), "bob", NOW);
    tally.add(makeEntry(4, { expires, urgent: true }), "bob", NOW);
    tally.add(makeEntry(5, { expires: NOW + 5 }), "bob", NOW);
    tally.add(makeEntry(6, { expires, kind: "receipt" }), "bob", NOW);
    tally.add(makeEntry(7, { expires, to: "carol" }), "bob", NOW);
    tally.add(makeEntry(8, { expires: NOW }), "bob", NOW);
  }
  const { messages, newest, urgent, upTo, until } = tally;
  assert.deepEqual({ messages, newest, urgent, upTo, until, expires: tally.expires }, {
    messages: 2,
    newest: 5,
    urgent: 4,
    upTo: 8,
    until: NOW + 1,
    expires: NOW + 5,
  });
});

Deno.test("Tally.passed() has what lies below counted no more", () => {
  const tally = new Tally(0);
  tally.passed(4);
  tally.passed(2);
  tally.add(makeEntry(3, { expires: NOW + 1 }), "bob", NOW);
  assert.deepEqual([tally.upTo, tally.messages], [4, 0]);
});
