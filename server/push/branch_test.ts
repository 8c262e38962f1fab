import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { settled } from "../fake_world.ts";
import { Branch } from "./branch.ts";
import { Intent } from "./intent.ts";

const ORIGIN = "https://push.example";

/** A branch with one place at each service, and what is worked on. */
function createBranch() {
  const clock = new FakeClock();
  const begun: string[] = [];
  const ends = new Map<string, (sent: boolean) => void>();
  const branch = new Branch({
    inFlightMax: 10,
    serviceInFlightMax: 1,
    perSecond: 1000,
    clock,
    random: (buffer) => buffer,
    work(intent) {
      intent.state = "underWay";
      begun.push(intent.user);
      return new Promise((resolve) => ends.set(intent.user, resolve));
    },
  });
  const intentOf = (user: string, service: string | null = ORIGIN) => {
    const intent = new Intent(user, "phone", "web");
    intent.service = service;
    branch.line(intent);
    return intent;
  };
  const end = (intent: Intent) => {
    branch.release(intent);
    ends.get(intent.user)?.(true);
    return settled();
  };
  return { branch, begun, intentOf, end };
}

Deno.test("Branch works on as many as a service takes; the others wait without a worker", async () => {
  const { branch, begun, intentOf, end } = createBranch();
  const [a, b] = [intentOf("a"), intentOf("b"), intentOf("c", "https://other.example")];
  await settled();
  assert.deepEqual(begun, ["a", "c"]);
  assert.deepEqual([b?.state, branch.lane.inFlight], ["parked", 2]);
  if (a !== undefined) await end(a);
  assert.deepEqual(begun, ["a", "c", "b"]);
});

Deno.test("Branch begins work on one whose service is not known yet", async () => {
  const { begun, intentOf } = createBranch();
  intentOf("a");
  intentOf("b", null);
  await settled();
  assert.deepEqual(begun, ["a", "b"]);
});

Deno.test("Branch.park() keeps no place from one that was called while it was under way", async () => {
  const { branch, begun, intentOf, end } = createBranch();
  const a = intentOf("a");
  const b = intentOf("b", null);
  await settled();
  // Its address is read, and names a service in which there is no place.
  b.service = ORIGIN;
  assert.equal(branch.circuits.of(ORIGIN)?.enter(b), false);
  await end(a);
  assert.deepEqual(begun, ["a", "b"], "b is still under way");
  branch.park(b);
  await settled();
  assert.deepEqual(begun, ["a", "b", "b"]);
});

Deno.test("Branch.release() takes an intent away from wherever it waits", async () => {
  const { branch, begun, intentOf, end } = createBranch();
  const [a, b, c] = [intentOf("a"), intentOf("b"), intentOf("c")];
  branch.release(c);
  await settled();
  assert.equal(b.state, "parked");
  branch.release(b);
  await end(a);
  assert.deepEqual(begun, ["a"]);
  assert.equal(branch.circuits.size, 0);
});
