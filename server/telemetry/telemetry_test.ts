import assert from "node:assert/strict";
import { Telemetry } from "./telemetry.ts";

Deno.test("Telemetry.wrote() counts a commit and what is in it", () => {
  const telemetry = new Telemetry();
  const entry = {
    id: "m1",
    kind: "message" as const,
    sender: "ann",
    from: "ann",
    to: "bob",
    device: "phone",
    time: 1000,
    expires: 9000,
    receipt: false,
    urgent: false,
    body: "{}",
    bytes: 2,
    position: 1,
  };
  const entries = [entry, { ...entry, kind: "receipt" as const, bytes: 10 }];
  telemetry.wrote({ ms: 2.5, bytes: 300, entries }, 1004);
  telemetry.wrote({ ms: 1, bytes: 0, entries: [] }, 1010);
  assert.equal(telemetry.messages, 2);
  assert.equal(telemetry.messageBytes, 12);
  assert.deepEqual([telemetry.commitMs.count, telemetry.commitMs.sum], [2, 3.5]);
  assert.deepEqual([telemetry.commitBytes.count, telemetry.commitBytes.sum], [2, 300]);
  assert.deepEqual([telemetry.commitMessages.count, telemetry.commitMessages.sum], [2, 2]);
  // A receipt has nobody who waits for it.
  assert.deepEqual([telemetry.ackMs.count, telemetry.ackMs.sum], [1, 4]);
});

Deno.test("Telemetry.ended() and refuse() count by their reasons", () => {
  const telemetry = new Telemetry();
  for (const code of [0, 4101, 4101]) telemetry.ended(code);
  for (const why of ["crowded", "crowded", "draining"] as const) telemetry.refuse(why);
  assert.deepEqual([telemetry.closed.get(0), telemetry.closed.get(4101)], [1, 2]);
  assert.equal(telemetry.closed.get(4409), 0, "a code that never came");
  assert.deepEqual([...telemetry.refused], [["crowded", 2], ["draining", 1], ["overloaded", 0]]);
});
