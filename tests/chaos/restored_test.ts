import assert from "node:assert/strict";
import type { ReceivedMessage } from "../harness/client.ts";
import type { DeviceRecord } from "../crash/history.ts";
import { checkRestored, countPromised } from "./restored.ts";
import { sentAt, story } from "./story.ts";

/** Ten messages; the backup names the moment before the sixth, and is done before the ninth. */
const MOMENTS = { taken: sentAt(6), done: sentAt(9) };

/** What the restored server has for the two devices: all that was not acknowledged by then. */
function restore(phone: DeviceRecord, tablet: DeviceRecord) {
  return new Map<DeviceRecord, ReceivedMessage[]>([
    [phone, []],
    [tablet, [1, 2, 3, 4, 5].map(received)],
  ]);
}

function received(seq: number): ReceivedMessage {
  return { id: `id${seq}`, from: "alice", to: "bob", time: "then", message: `text ${seq}` };
}

Deno.test("checkRestored() finds nothing where all that was accepted before is there", () => {
  const { history, phone, tablet } = story(10);
  const restored = restore(phone, tablet);
  assert.deepEqual(checkRestored(history, restored, MOMENTS), { violations: [], due: 5, came: 5 });
  assert.equal(countPromised(history, MOMENTS), 5);
  // What came later may be there as well.
  restored.get(tablet)?.push(received(6), received(7));
  assert.deepEqual(checkRestored(history, restored, MOMENTS).violations, []);
});

Deno.test("checkRestored() finds one message that is missing", () => {
  const { history, phone, tablet } = story(10);
  const restored = restore(phone, tablet);
  restored.get(tablet)?.splice(2, 1);
  const { violations } = checkRestored(history, restored, MOMENTS);
  assert.deepEqual(violations.map(({ rule }) => rule), ["I1"]);
  assert.match(violations[0]?.what ?? "", /number 3 .* does not get it restored/);
});

Deno.test("checkRestored() wants what was acknowledged after the backup was done", () => {
  const { history, sent, phone, tablet } = story(10);
  const restored = restore(phone, tablet);
  const [late] = phone.connections[0]?.deliveries.slice(3, 4) ?? [];
  assert.ok(late?.answer);
  late.answer = { kind: "acknowledged", at: MOMENTS.done + 1 };
  const { violations } = checkRestored(history, restored, MOMENTS);
  assert.deepEqual(violations.map(({ rule }) => rule), ["I1"]);
  restored.get(phone)?.push(received(4));
  assert.deepEqual(checkRestored(history, restored, MOMENTS).violations, []);
  assert.equal(sent.length, 10);
});

Deno.test("checkRestored() finds another id, another order, a repeat and an invention", () => {
  for (
    const [rule, change] of [
      ["I4", (list: ReceivedMessage[]) => list.splice(0, 1, { ...received(1), id: "other" })],
      ["I4", (list: ReceivedMessage[]) => list.splice(0, 1, { ...received(1), from: "eve" })],
      ["I6", (list: ReceivedMessage[]) => list.splice(0, 2, received(2), received(1))],
      ["I3", (list: ReceivedMessage[]) => list.push(received(5))],
      ["I1", (list: ReceivedMessage[]) => list.push({ ...received(1), message: "made up" })],
    ] as const
  ) {
    const { history, phone, tablet } = story(10);
    const restored = restore(phone, tablet);
    change(restored.get(tablet) ?? []);
    const { violations } = checkRestored(history, restored, MOMENTS);
    assert.deepEqual(violations.map((one) => one.rule), [rule]);
  }
});

Deno.test("checkRestored() finds a cursor that is behind what was acknowledged long before", () => {
  const { history, phone, tablet } = story(300);
  const moments = { taken: sentAt(250), done: sentAt(300) };
  const list = Array.from({ length: 249 }, (_, index) => received(index + 1));
  // An acknowledgement of the last two seconds need not be in the backup.
  const restored = new Map<DeviceRecord, ReceivedMessage[]>([
    [phone, [received(60)]],
    [tablet, list],
  ]);
  assert.deepEqual(checkRestored(history, restored, moments).violations, []);
  restored.get(phone)?.unshift(received(40));
  const { violations } = checkRestored(history, restored, moments);
  assert.deepEqual(violations.map(({ rule, what }) => [rule, what]), [
    ["I3", "bob/phone had acknowledged 1 that it gets restored"],
  ]);
});
