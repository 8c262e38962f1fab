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
    unprovenInFlightMax: 3,
    unprovenServiceInFlightMax: 3,
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
  assert.equal(branch.circuits.enter(ORIGIN, b), false);
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

Deno.test("Branch keeps places for services that work, however many others hang", async () => {
  const { branch, begun, intentOf, end } = createBranch();
  const first = intentOf("first", "https://works.example");
  await settled();
  branch.circuits.of("https://works.example")?.succeeded();
  await end(first);
  const hanging = [1, 2, 3, 4, 5].map((n) => intentOf(`h${n}`, `https://h${n}.example`));
  intentOf("second", "https://works.example");
  await settled();
  assert.deepEqual(begun, ["first", "h1", "h2", "h3", "second"]);
  assert.deepEqual(hanging.map(({ state }) => state).slice(2), ["underWay", "parked", "parked"]);
  if (hanging[0] !== undefined) await end(hanging[0]);
  assert.deepEqual(begun.slice(5), ["h4"]);
});
