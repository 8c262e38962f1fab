import assert from "node:assert/strict";
import { ConnectionCounts, type Crowded, type Lease } from "./connection_counts.ts";

const LIMITS = {
  connections: 8,
  addressConnections: 4,
  unauthenticated: 6,
  addressUnauthenticated: 2,
};

/** Counts under {@linkcode LIMITS}, or others, that leave 127.0.0.1 out. */
function counts(limits: Partial<typeof LIMITS> = {}): ConnectionCounts {
  return new ConnectionCounts({ ...LIMITS, ...limits }, (address) => address === "127.0.0.1");
}

/** Enters and expects a place. */
function enter(from: ConnectionCounts, address: string): Lease {
  const lease = from.enter(address);
  assert.ok(typeof lease !== "string", `expected a place for ${address}, got ${lease}`);
  return lease;
}

/** Enters, expects to be kept out, and that nothing was counted. */
function refused(from: ConnectionCounts, address: string, why: Crowded): void {
  const before = [from.connections, from.unauthenticated];
  assert.equal(from.enter(address), why);
  assert.deepEqual([from.connections, from.unauthenticated], before);
}

Deno.test("ConnectionCounts.enter() keeps out the first past the limit in all", () => {
  const all = counts();
  const leases = Array.from({ length: 8 }, (_, n) => {
    const lease = enter(all, `10.0.0.${n}`);
    lease.signedIn();
    return lease;
  });
  refused(all, "10.0.0.9", "connections");
  refused(all, "127.0.0.1", "connections");
  leases[3]?.leave();
  enter(all, "10.0.0.9");
});

Deno.test("ConnectionCounts.enter() keeps out the first past an address's limit", () => {
  const all = counts();
  const leases = Array.from({ length: 4 }, () => {
    const lease = enter(all, "10.0.0.1");
    lease.signedIn();
    return lease;
  });
  refused(all, "10.0.0.1", "addressConnections");
  enter(all, "10.0.0.2");
  leases[0]?.leave();
  enter(all, "10.0.0.1");
});

Deno.test("ConnectionCounts.enter() keeps out the first past the limit of those not signed in", () => {
  const all = counts();
  const leases = Array.from({ length: 6 }, (_, n) => enter(all, `10.0.0.${n}`));
  refused(all, "10.0.0.9", "unauthenticated");
  refused(all, "127.0.0.1", "unauthenticated");
  leases[0]?.signedIn();
  enter(all, "10.0.0.9");
});

Deno.test("ConnectionCounts.enter() keeps out the first past an address's limit of those not signed in", () => {
  const all = counts();
  const first = enter(all, "10.0.0.1");
  enter(all, "10.0.0.1");
  refused(all, "10.0.0.1", "addressUnauthenticated");
  enter(all, "10.0.0.2");
  first.signedIn();
  enter(all, "10.0.0.1");
});

Deno.test("ConnectionCounts.enter() counts an IPv6 /64 as one address", () => {
  const all = counts();
  enter(all, "2001:db8::1");
  enter(all, "2001:db8::ffff:1");
  refused(all, "2001:db8::2", "addressUnauthenticated");
  enter(all, "2001:db8:0:1::1");
});

Deno.test("ConnectionCounts.enter() has no limit per address for an exempt one", () => {
  const all = counts({ unauthenticated: 8 });
  for (let n = 0; n < 8; n++) enter(all, "127.0.0.1");
  assert.equal(all.connections, 8);
});

Deno.test("Lease.signedIn() and Lease.leave() count once", () => {
  const all = counts();
  const first = enter(all, "10.0.0.1");
  const second = enter(all, "10.0.0.1");
  first.signedIn();
  first.signedIn();
  assert.deepEqual([all.connections, all.unauthenticated], [2, 1]);
  first.leave();
  first.leave();
  assert.deepEqual([all.connections, all.unauthenticated], [1, 1]);
  second.leave();
  second.signedIn();
  second.leave();
  assert.deepEqual([all.connections, all.unauthenticated], [0, 0]);
  // The address itself came back to nothing as well.
  enter(all, "10.0.0.1");
  enter(all, "10.0.0.1");
  refused(all, "10.0.0.1", "addressUnauthenticated");
});

Deno.test("ConnectionCounts.enter() takes any name for an address", () => {
  const all = counts({ unauthenticated: 8 });
  for (const name of ["constructor", "__proto__"]) {
    enter(all, name);
    enter(all, name);
    refused(all, name, "addressUnauthenticated");
  }
});
