import assert from "node:assert/strict";
import { TABLE_ENTRIES_MAX } from "../limits.ts";
import type { CredentialMark } from "../rpc/mod.ts";
import type { Committed } from "../store/mod.ts";
import type { Attempts } from "./in_flight.ts";
import { Hub, type Member } from "./hub.ts";

/** A member that remembers what it was told. */
class FakeMember implements Member {
  readonly receipts = false;
  readonly told: string[] = [];
  readonly news: Committed[] = [];

  constructor(
    readonly user: string,
    readonly device: string,
    readonly credential: CredentialMark | undefined = undefined,
  ) {}

  committed(news: Committed): void {
    this.news.push(news);
  }

  send(frame: string): void {
    this.told.push(frame);
  }

  replaced(): void {
    this.told.push("replaced");
  }

  removed(): void {
    this.told.push("removed");
  }

  revoked(): void {
    this.told.push("revoked");
  }
}

function attempts(deliveries: number): Attempts {
  return new Map([[7, { deliveries, refusals: 0 }]]);
}

Deno.test("Hub.add() lets the newer connection of a device replace the older, and no other", () => {
  const hub = new Hub();
  const [older, other, newer, stranger] = [
    new FakeMember("ann", "phone"),
    new FakeMember("ann", "laptop"),
    new FakeMember("ann", "phone"),
    new FakeMember("bob", "phone"),
  ];
  for (const member of [older, other, stranger, newer]) hub.add(member);
  assert.deepEqual(older.told, ["replaced"]);
  assert.deepEqual([...other.told, ...newer.told, ...stranger.told], []);
  assert.deepEqual(hub.of("ann"), [other, newer]);
  assert.equal(hub.users, 2);
});

Deno.test("Hub.remove() removes the connection itself, and not the one that replaced it", () => {
  const hub = new Hub();
  const [older, newer] = [new FakeMember("ann", "phone"), new FakeMember("ann", "phone")];
  hub.add(older);
  hub.add(newer);
  hub.remove(older);
  assert.deepEqual(hub.of("ann"), [newer]);
  hub.remove(newer);
  hub.remove(newer);
  assert.deepEqual(hub.of("ann"), []);
  assert.equal(hub.users, 0);
});

Deno.test("Hub.committed() tells all connections of the user and nobody else", () => {
  const hub = new Hub();
  const members = [
    new FakeMember("ann", "phone"),
    new FakeMember("ann", "laptop"),
    new FakeMember("bob", "phone"),
  ];
  for (const member of members) hub.add(member);
  const news = { user: "ann", after: 0, entries: [] };
  hub.committed(news);
  hub.committed({ user: "__proto__", after: 0, entries: [] });
  assert.deepEqual(members.map((member) => member.news), [[news], [news], []]);
});

Deno.test("Hub.evict() tells the connections of a user, or those of one device", () => {
  const hub = new Hub();
  const [phone, laptop, bob] = [
    new FakeMember("ann", "phone"),
    new FakeMember("ann", "laptop"),
    new FakeMember("bob", "phone"),
  ];
  for (const member of [phone, laptop, bob]) hub.add(member);
  hub.evict("ann", "laptop");
  assert.deepEqual([phone.told, laptop.told, bob.told], [[], ["removed"], []]);
  hub.evict("ann");
  assert.deepEqual(phone.told, ["removed"]);
  assert.deepEqual(bob.told, []);
});

Deno.test("Hub.takeAttempts() answers once what was kept for that device of that user", () => {
  const hub = new Hub();
  const kept = attempts(2);
  hub.keepAttempts("ann", "phone", kept);
  assert.equal(hub.takeAttempts("ann", "laptop"), null);
  assert.equal(hub.takeAttempts("ann\nphone", ""), null);
  assert.equal(hub.takeAttempts("ann", "phone"), kept);
  assert.equal(hub.takeAttempts("ann", "phone"), null);
});

Deno.test("Hub.keepAttempts() with none forgets those that were kept before", () => {
  const hub = new Hub();
  hub.keepAttempts("ann", "phone", attempts(2));
  hub.keepAttempts("ann", "phone", new Map());
  assert.equal(hub.takeAttempts("ann", "phone"), null);
});

Deno.test("Hub.keepAttempts() remembers a bounded number of devices, and forgets the oldest", () => {
  const hub = new Hub();
  for (let n = 0; n <= TABLE_ENTRIES_MAX; n++) hub.keepAttempts("ann", `device-${n}`, attempts(n));
  assert.equal(hub.takeAttempts("ann", "device-0"), null);
  assert.notEqual(hub.takeAttempts("ann", "device-1"), null);
  assert.notEqual(hub.takeAttempts("ann", `device-${TABLE_ENTRIES_MAX}`), null);
});

Deno.test("Hub.keepAttempts() remembers a bounded number of entries, however few the devices", () => {
  const hub = new Hub();
  const many = (): Attempts =>
    new Map(
      Array.from({ length: TABLE_ENTRIES_MAX / 4 }, (_, n) => [n, { deliveries: 1, refusals: 0 }]),
    );
  for (let n = 0; n < 4; n++) hub.keepAttempts("ann", `device-${n}`, many());
  // What is kept anew counts once.
  hub.keepAttempts("ann", "device-3", many());
  hub.keepAttempts("ann", "small", attempts(1));
  assert.equal(hub.takeAttempts("ann", "device-0"), null);
  for (let n = 1; n < 4; n++) assert.notEqual(hub.takeAttempts("ann", `device-${n}`), null);
  assert.notEqual(hub.takeAttempts("ann", "small"), null);
});

/** What a connection of a session came in with. */
function mark(part: Partial<CredentialMark>): CredentialMark {
  return { id: "t0", session: undefined, issued: 5, expires: 1000, ...part };
}

Deno.test("Hub.revoke() sends away who came in with what is revoked, and no other", () => {
  const hub = new Hub();
  const [old, young, session, token, ageless, stranger] = [
    new FakeMember("ann", "a", mark({ issued: 10 })),
    new FakeMember("ann", "b", mark({ issued: 11 })),
    new FakeMember("bob", "a", mark({ session: "s1" })),
    new FakeMember("bob", "b", mark({ id: "t1" })),
    new FakeMember("ann", "c", mark({ issued: undefined })),
    new FakeMember("cleo", "a", mark({ issued: 1, session: "s2", id: "t2" })),
  ];
  const all = [old, young, session, token, ageless, stranger];
  for (const member of all) hub.add(member);
  const told = () => all.map((member) => member.told.length);
  hub.revoke({ kind: "user", user: "ann", before: 10 });
  assert.deepEqual(told(), [1, 0, 0, 0, 1, 0]);
  hub.revoke({ kind: "session", user: "bob", session: "s1" });
  assert.deepEqual(told(), [1, 0, 1, 0, 1, 0]);
  hub.revoke({ kind: "token", id: "t1" });
  assert.deepEqual(told(), [1, 0, 1, 1, 1, 0]);
  assert.deepEqual(old.told, ["revoked"]);
});

Deno.test("Hub.hasRevoked() knows what was revoked while a sign-in was under way", () => {
  const hub = new Hub();
  hub.revoke({ kind: "user", user: "ann", before: 10 });
  assert.equal(hub.hasRevoked("ann", mark({ issued: 10 })), true);
  assert.equal(hub.hasRevoked("ann", mark({ issued: 11 })), false);
  assert.equal(hub.hasRevoked("bob", mark({ issued: 10 })), false);
});
