import assert from "node:assert/strict";
import { StoreUnavailableError } from "../store.ts";
import { FakeDatabase } from "./fake_database.ts";
import { LostOwnerError, OwnedDatabase } from "./owned_database.ts";

const KEY = ["users", "bob"];
const VALUE = new Uint8Array([1]);

/** Takes a database over; the list grows when it is lost. */
async function own(database: FakeDatabase): Promise<{ owned: OwnedDatabase; losses: string[] }> {
  const losses: string[] = [];
  const owned = await OwnedDatabase.take(database, { pid: 1 }, () => void losses.push("lost"));
  return { owned, losses };
}

Deno.test("OwnedDatabase.write() changes nothing once another took the database over", async () => {
  const database = new FakeDatabase();
  const first = await own(database);
  const second = await own(new FakeDatabase(database.disk));
  await assert.rejects(first.owned.write([{ key: KEY, value: VALUE }]), LostOwnerError);
  assert.deepEqual(first.losses, ["lost"]);
  assert.equal(database.disk.get(KEY), null);
  await second.owned.write([{ key: KEY, value: VALUE }]);
  assert.deepEqual(database.disk.get(KEY)?.value, VALUE);
  assert.deepEqual(second.losses, []);
});

Deno.test("OwnedDatabase.take() refuses where another takes the database at the same time", async () => {
  const database = new FakeDatabase();
  database.hold();
  const taking = own(database);
  while (database.held.length === 0) await null;
  await own(new FakeDatabase(database.disk));
  database.release();
  await assert.rejects(taking, StoreUnavailableError);
});

Deno.test("OwnedDatabase.holds() says whether a commit that threw was made", async () => {
  for (const [fault, made] of [["refused", false], ["unanswered", true]] as const) {
    const database = new FakeDatabase();
    const { owned } = await own(database);
    database.failOnce(fault);
    await assert.rejects(owned.write([{ key: KEY, value: VALUE }]), StoreUnavailableError);
    assert.equal(await owned.holds(KEY), made, fault);
  }
});

Deno.test("OwnedDatabase.holds() does not take another owner's row for its own", async () => {
  const database = new FakeDatabase();
  const { owned } = await own(database);
  const { owned: other } = await own(new FakeDatabase(database.disk));
  await other.write([{ key: KEY, value: VALUE }]);
  assert.equal(await owned.holds(KEY), false);
});

Deno.test("OwnedDatabase turns what the disk throws into StoreUnavailableError", async () => {
  const database = new FakeDatabase();
  const { owned, losses } = await own(database);
  database.judge = () => "refused";
  const range = { start: ["users"], end: ["users", Infinity] };
  await assert.rejects(owned.read([KEY]), StoreUnavailableError);
  await assert.rejects(owned.list(range, 1), StoreUnavailableError);
  await assert.rejects(owned.write([{ key: KEY, value: VALUE }]), StoreUnavailableError);
  assert.deepEqual(losses, []);
});

Deno.test("OwnedDatabase.close() has every later call fail before the database is asked", async () => {
  const database = new FakeDatabase();
  const { owned } = await own(database);
  const { commits } = database;
  owned.close();
  await assert.rejects(owned.write([{ key: KEY, value: VALUE }]), /the store: it is closed/);
  await assert.rejects(owned.read([KEY]), /the store: it is closed/);
  assert.equal(database.commits, commits);
});
