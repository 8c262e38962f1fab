import assert from "node:assert/strict";
import { check, isDrained } from "./checker.ts";
import { ACKNOWLEDGEMENT_MS } from "./device_checks.ts";
import type {
  Answer,
  ConnectionRecord,
  DeliveryRecord,
  DeviceRecord,
  History,
  SentRecord,
} from "./history.ts";

/** When the last message of the story is acknowledged by Bob's phone. */
const ANSWERED = 122;

/** Alice's phone sends two messages to Bob, who has a phone and a tablet; all went well. */
function story() {
  const sent = [message(1), message(2)] as const;
  const alice = device("alice", "phone", [...sent]);
  const phone = device("bob", "phone", []);
  const tablet = device("bob", "tablet", []);
  for (const [index, { text }] of sent.entries()) {
    connectionOf(phone).deliveries.push(delivery(`id${index + 1}`, text, 120 + index));
    connectionOf(tablet).deliveries.push(delivery(`id${index + 1}`, text, 130 + index));
  }
  const history: History = {
    devices: [alice, phone, tablet],
    people: [],
    lives: [{ started: 0, ready: 0, killed: Infinity, end: "lives" }],
    refusals: new Set([-32007]),
  };
  return { history, sent, alice, phone, tablet };
}

Deno.test("check() finds nothing in a run in which all went well", () => {
  const { history } = story();
  assert.deepEqual(check(history), []);
  assert.ok(isDrained(history));
});

Deno.test("check() finds a message that was accepted and did not come (I1)", () => {
  const { history, tablet } = story();
  connectionOf(tablet).deliveries.pop();
  assert.deepEqual(rules(history), ["I1"]);
  assert.ok(!isDrained(history));
});

Deno.test("check() wants what came to one device at the other, accepted or not (I1)", () => {
  const { history, sent, tablet } = story();
  firstOf(sent[1].attempts).answer = undefined;
  connectionOf(tablet).deliveries.pop();
  assert.deepEqual(rules(history), ["I1"]);
});

Deno.test("check() wants nothing that was sent before a device joined", () => {
  const { history, tablet } = story();
  tablet.joined = 115;
  connectionOf(tablet).deliveries.splice(0);
  assert.deepEqual(rules(history), []);
});

Deno.test("check() wants nothing of what was never answered and never came", () => {
  const { history, sent, phone, tablet } = story();
  firstOf(sent[1].attempts).answer = undefined;
  connectionOf(phone).deliveries.pop();
  connectionOf(tablet).deliveries.pop();
  assert.deepEqual(rules(history), []);
});

Deno.test("check() finds a text that nobody sent (I1)", () => {
  const { history, phone } = story();
  connectionOf(phone).deliveries.push(delivery("id3", "made up", 140));
  assert.deepEqual(rules(history), ["I1"]);
});

Deno.test("check() finds a message behind what was read before (I2)", () => {
  const { history, phone } = story();
  const first = connectionOf(phone);
  // Another one of the same sender would break I6 too.
  const attempts = [{ connection: 0, at: 100, answer: accepted("id9", 110) }];
  const carol = device("carol", "phone", [{ ...message(1), text: "of carol", attempts }]);
  history.devices.push(carol);
  for (const { user, connections } of history.devices) {
    if (user !== "bob") continue;
    connections[0]?.deliveries.push(delivery("id9", "of carol", 150));
  }
  assert.deepEqual(rules(history), []);
  first.deliveries.unshift(...first.deliveries.splice(2));
  assert.ok(rules(history).every((rule) => rule === "I2"));
  assert.ok(rules(history).length > 0);
});

Deno.test("check() finds a message that was never acknowledged and no longer sent (I3)", () => {
  const { history, phone } = story();
  lastOf(connectionOf(phone).deliveries).answer = undefined;
  assert.deepEqual(rules(history), ["I3"]);
});

Deno.test("check() finds a second copy while the first is in flight (I3)", () => {
  const { history, sent, phone } = story();
  const { deliveries } = connectionOf(phone);
  const first = lastOf(deliveries);
  deliveries.push(delivery("id2", sent[1].text, 125, 1));
  assert.deepEqual(rules(history), ["I3"]);
  first.answer = { kind: "refused", at: 122 };
  assert.deepEqual(rules(history), []);
});

Deno.test("check() finds what comes again long after it was acknowledged (I3)", () => {
  for (const [spare, expected] of [[0, ["I3"]], [-1, []]] as const) {
    const { history, sent, phone } = story();
    const first = connectionOf(phone);
    first.ended = ANSWERED + ACKNOWLEDGEMENT_MS + spare;
    phone.connections.push({
      ...connection(first.ended + 1),
      deliveries: [delivery("id2", sent[1].text, first.ended + 2, 1)],
    });
    assert.deepEqual(rules(history), expected, `${spare}`);
  }
});

Deno.test("check() lets what was acknowledged out of turn come again (I3)", () => {
  const { history, sent, phone } = story();
  const first = connectionOf(phone);
  first.ended = 100_000;
  firstOf(first.deliveries).answer = undefined;
  phone.connections.push({
    ...connection(100_001),
    deliveries: [
      delivery("id1", sent[0].text, 100_002, 1),
      delivery("id2", sent[1].text, 100_002, 1),
    ],
  });
  assert.deepEqual(rules(history), []);
});

Deno.test("check() finds that something is left after the drain (I3)", () => {
  const { history, phone } = story();
  phone.connections.push({ ...connection(5000), isLast: true, pending: 1 });
  assert.deepEqual(rules(history), ["I3"]);
});

Deno.test("check() finds another id for the same text (I4)", () => {
  const { history, sent, tablet } = story();
  connectionOf(tablet).deliveries[1] = delivery("other", sent[1].text, 131);
  assert.deepEqual(rules(history), ["I4"]);
});

Deno.test("check() finds one id for two texts (I4)", () => {
  const { history, sent, phone, tablet } = story();
  for (const device of [phone, tablet]) {
    connectionOf(device).deliveries[1] = delivery("id1", sent[1].text, 131);
  }
  firstOf(sent[1].attempts).answer = accepted("id1", 111);
  assert.ok(rules(history).includes("I4"));
});

Deno.test("check() finds a repeat that is not told to be one (I4)", () => {
  const { history, sent, phone } = story();
  phone.connections.push({
    ...connection(200),
    deliveries: [delivery("id2", sent[1].text, 201, 0)],
  });
  connectionOf(phone).ended = 199;
  assert.deepEqual(rules(history), ["I4"]);
});

Deno.test("check() finds a repeat that gets another answer (I5)", () => {
  const { history, sent } = story();
  sent[0].attempts.push({ connection: 0, at: 300, answer: accepted("id7", 301, true) });
  assert.deepEqual(rules(history), ["I5"]);
});

Deno.test("check() finds a repeat that is answered as if it were new (I5)", () => {
  const { history, sent } = story();
  sent[0].attempts.push({ connection: 0, at: 300, answer: accepted("id1", 301, false) });
  assert.deepEqual(rules(history), ["I5"]);
});

Deno.test("check() finds messages out of the order in which they were sent (I6)", () => {
  const { history, phone, tablet } = story();
  for (const device of [phone, tablet]) connectionOf(device).deliveries.reverse();
  assert.deepEqual(rules(history), ["I6", "I6"]);
});

Deno.test("check() finds a refusal that the run does not expect (I9)", () => {
  const { history, sent } = story();
  const refusal = (code: number): Answer => ({ kind: "refused", at: 105, code });
  sent[0].attempts.unshift({ connection: 0, at: 104, answer: refusal(-32007) });
  assert.deepEqual(rules(history), []);
  sent[0].attempts.unshift({ connection: 0, at: 103, answer: refusal(-32603) });
  assert.deepEqual(rules(history), ["I9"]);
});

Deno.test("check() finds what is delivered to the wrong user (I10)", () => {
  const { history, sent } = story();
  const eve = device("eve", "phone", []);
  connectionOf(eve).deliveries.push(delivery("id1", sent[0].text, 140));
  history.devices.push(eve);
  assert.deepEqual(rules(history), ["I10"]);
});

Deno.test("check() wants a receipt where the sender stayed, and none too early", () => {
  const { history, alice, sent } = story();
  Object.assign(sent[0], { receipt: true });
  assert.deepEqual(rules(history), ["receipt"]);
  connectionOf(alice).receipts.push({ id: "id1", at: 150 });
  assert.deepEqual(rules(history), []);
  connectionOf(alice).receipts.unshift({ id: "id1", at: 110 });
  assert.deepEqual(rules(history), ["receipt"]);
});

function rules(history: History): string[] {
  return check(history).map(({ rule }) => rule);
}

function message(seq: number): SentRecord {
  return {
    to: "bob",
    seq,
    text: `text ${seq}`,
    cid: undefined,
    receipt: false,
    attempts: [{ connection: 0, at: 100 + seq, answer: accepted(`id${seq}`, 110 + seq) }],
  };
}

function accepted(id: string, at: number, duplicate = false): Answer {
  return { kind: "accepted", at, id, time: "then", duplicate };
}

function device(user: string, name: string, sent: SentRecord[]): DeviceRecord {
  return { user, device: name, joined: 10, sent, connections: [connection(10)] };
}

function connection(since: number): ConnectionRecord {
  return { since, ended: Infinity, pending: 0, isLast: false, deliveries: [], receipts: [] };
}

function connectionOf({ connections }: DeviceRecord): ConnectionRecord {
  return firstOf(connections);
}

function firstOf<T>([first]: readonly T[]): T {
  assert.ok(first);
  return first;
}

function lastOf<T>(list: readonly T[]): T {
  return firstOf(list.slice(-1));
}

function delivery(id: string, text: string, at: number, redelivered = 0): DeliveryRecord {
  const from = text === "of carol" ? "carol" : "alice";
  const answer = { kind: "acknowledged" as const, at: at + 1 };
  return { id, from, to: "bob", time: "then", text, redelivered, at, answer };
}
