import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import { FakeKv } from "./fake_kv.ts";

/** Turns of the microtask queue that two calls of these tests may be apart. */
const TURNS_MAX = 40;

Deno.test("KvUsers.remove() leaves no cursor that an acknowledgement still brings", async () => {
  await using kv = await FakeKv.open();
  await kv.store.mailboxes.attach("bob", "phone", "oldest");
  await kv.send(["m1"]);
  kv.store.mailboxes.acknowledge("bob", "phone", kv.positionOf("m1"));
  assert.equal(await kv.store.users.remove("bob"), true);
  await kv.clock.pass(1000);
  assert.equal(await kv.store.users.create({ id: "bob", registered: 1 }), true);
  await kv.reopen();
  assert.equal((await kv.store.mailboxes.inspect("bob"))?.cursors.size, 0);
});

Deno.test("KvUsers.create() gives an id to one of two, however far apart they come", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open([]);
    const first = kv.store.users.create({ id: "bob", name: "one", registered: 1 });
    for (let turn = 0; turn < turns; turn++) await null;
    const second = kv.store.users.create({ id: "bob", name: "other", registered: 2 });
    assert.deepEqual(await Promise.all([first, second]), [true, false]);
    assert.equal((await kv.store.users.get("bob"))?.value.name, "one");
  }
});

Deno.test("KvUsers.replace() lets one of two through, and none over a removal", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open();
    const { users } = kv.store;
    const version = (await users.get("bob"))?.version ?? "";
    const first = users.replace({ id: "bob", name: "one", registered: 0 }, version);
    for (let turn = 0; turn < turns; turn++) await null;
    const second = users.replace({ id: "bob", name: "other", registered: 0 }, version);
    assert.deepEqual(await Promise.all([first, second]), [true, false]);
    const removal = users.remove("bob");
    const newest = (await users.get("bob"))?.version ?? "";
    const third = users.replace({ id: "bob", name: "late", registered: 0 }, newest);
    assert.deepEqual(await Promise.all([removal, third]), [true, false]);
    assert.equal(await users.get("bob"), null);
  }
});

Deno.test("KvUsers.create() of many at once takes few commits", async () => {
  await using kv = await FakeKv.open([]);
  const { commits } = kv.database;
  const ids = Array.from({ length: 200 }, (_, index) => `user${index}`);
  const made = await Promise.all(ids.map((id) => kv.store.users.create({ id, registered: 0 })));
  assert.ok(made.every((created) => created));
  assert.ok(kv.database.commits - commits <= 4, `${kv.database.commits - commits} commits`);
  assert.equal((await kv.store.users.list("", 1000)).length, 200);
});

Deno.test("KvUsers.create() that the disk refuses leaves the id free", async () => {
  await using kv = await FakeKv.open([]);
  kv.database.failOnce("refused");
  await assert.rejects(
    kv.store.users.create({ id: "bob", registered: 0 }),
    StoreUnavailableError,
  );
  assert.equal(await kv.store.users.create({ id: "bob", registered: 0 }), true);
});

Deno.test("KvUsers.create() of many with long profiles at once keeps the database's limits", async () => {
  await using kv = await FakeKv.open([]);
  const ids = Array.from({ length: 100 }, (_, index) => `user${index}`);
  const name = "x".repeat(9000);
  const made = await Promise.all(
    ids.map((id) => kv.store.users.create({ id, name, registered: 0 })),
  );
  assert.ok(made.every((created) => created));
});

Deno.test("KvUsers.remove() leaves nothing of a device that attaches at any moment of it", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    for (const first of ["attach", "remove"] as const) {
      await using kv = await FakeKv.open();
      await kv.send(["m1"]);
      const attach = () => kv.store.mailboxes.attach("bob", "phone", "oldest");
      const remove = () => kv.store.users.remove("bob");
      const call = first === "attach" ? attach() : remove();
      for (let turn = 0; turn < turns; turn++) await null;
      await Promise.all([call, first === "attach" ? remove() : attach()]);
      await kv.store.users.create({ id: "bob", registered: 1 });
      await kv.reopen();
      const state = await kv.store.mailboxes.inspect("bob");
      assert.equal(state?.cursors.size, 0, `${first} ${turns} turns before`);
    }
  }
});

Deno.test("KvUsers.replace() of two with two addresses indexes the one that won, however close", async () => {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    await using kv = await FakeKv.open([]);
    const { users } = kv.store;
    await users.create({ id: "bob", email: "0@x.org", registered: 0 });
    const version = (await users.get("bob"))?.version ?? "";
    const replace = (email: string) => users.replace({ id: "bob", email, registered: 0 }, version);
    const first = replace("1@x.org");
    for (let turn = 0; turn < turns; turn++) await null;
    assert.deepEqual(await Promise.all([first, replace("2@x.org")]), [true, false]);
    const found = ["0", "1", "2"].map((name) => users.withEmail(`${name}@x.org`, 9));
    assert.deepEqual(await Promise.all(found), [[], ["bob"], []]);
  }
});

Deno.test("KvUsers.create() and replace() that the disk refuses index nothing", async () => {
  await using kv = await FakeKv.open([]);
  const { users } = kv.store;
  const bob = { id: "bob", email: "b@x.org", registered: 0 };
  kv.database.failOnce("refused");
  await assert.rejects(users.create(bob), StoreUnavailableError);
  assert.deepEqual(await users.withEmail("b@x.org", 9), []);
  assert.ok(await users.create(bob));
  const version = (await users.get("bob"))?.version ?? "";
  kv.database.failOnce("refused");
  await assert.rejects(users.replace({ ...bob, email: "c@x.org" }, version), StoreUnavailableError);
  assert.deepEqual(await users.withEmail("b@x.org", 9), ["bob"]);
  assert.deepEqual(await users.withEmail("c@x.org", 9), []);
});
