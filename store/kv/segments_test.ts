import assert from "node:assert/strict";
import type { DiskFault, Operation } from "../../tests/simulation/sim_call.ts";
import { SimDirectory } from "../../tests/simulation/sim_directory.ts";
import { StoreUnavailableError } from "../store.ts";
import { FakeDatabase } from "./fake_database.ts";
import { countersKey, journalFilesKey, journalKey, userKey } from "./keys.ts";
import { OwnedDatabase } from "./owned_database.ts";
import { SEGMENT_BYTES_MAX, Segments } from "./segments.ts";
import { decodeText, jsonValue, parseJson } from "./values.ts";

/** Room for three records of the text of {@linkcode TEXT} in a file. */
const FILE_BYTES = 400;
const TEXT = "x".repeat(90);

/** Segments on a fake disk. {@linkcode World.reopen} is a crash and a start. */
class World {
  database = new FakeDatabase();
  fileBytes = FILE_BYTES;
  /** What becomes of the calls to files that follow, one each; then all are made. */
  readonly faults: (DiskFault | "made")[] = [];
  #directory: SimDirectory | null = null;
  #segments: Segments | null = null;

  static async open(): Promise<World> {
    const world = new World();
    await world.reopen();
    return world;
  }

  /** One with twenty files in which all is settled, where eight beside the next are kept. */
  static async withSpares(): Promise<World> {
    const world = await World.open();
    await world.fill(1, 60);
    await world.settle(60);
    return world;
  }

  get segments(): Segments {
    assert.ok(this.#segments);
    return this.#segments;
  }

  /** @returns the texts of what was not settled */
  async reopen(): Promise<string[]> {
    this.#directory?.end();
    this.database = new FakeDatabase(this.database.disk);
    this.#directory = this.directory();
    const owned = await OwnedDatabase.take(this.database, {}, () => {});
    const { segments, records } = await Segments.open(owned, this.#directory);
    this.#segments = segments;
    return records.map(({ text }) => decodeText(text));
  }

  /** The directory as a process sees it. */
  directory(): SimDirectory {
    return new SimDirectory(this.database.disk, this.fileBytes, {
      called: (operation) => this.#called(operation),
      wrote: () => {},
      undone: () => {},
    });
  }

  /** The files that the database names, and those that are there. */
  get slots(): { named: number[]; there: number[] } {
    const row = this.database.disk.get(journalFilesKey);
    const there = [...this.database.disk.files.keys()].sort();
    return { named: row === null ? [] : parseJson<number[]>(row.value), there };
  }

  /** Writes segments with a long text each, and answers what that was. */
  async fill(from: number, to: number): Promise<void> {
    for (let number = from; number <= to; number++) {
      await this.segments.write(number, `${number} ${TEXT}`, []);
    }
  }

  /** Says that segments were settled, as the settler does. */
  async settle(upTo: number): Promise<void> {
    const counters = { segment: upTo, position: 0 };
    await this.database.commit([], [{ key: countersKey, value: jsonValue(counters) }]);
    this.segments.cut(upTo);
  }

  #called(operation: Operation): void {
    const fault = this.faults.shift() ?? "made";
    operation.happen(fault === "made" ? undefined : fault);
    operation.answer();
  }
}

Deno.test("Segments.write() keeps what is alone in a file, and the rest in the database", async () => {
  const world = await World.open();
  const write = { key: userKey("ann"), value: new Uint8Array(1) };
  assert.deepEqual(await world.segments.write(1, "héllo", []), { parts: 0, bytes: 6 });
  assert.deepEqual(await world.segments.write(2, "with a row", [write]), { parts: 1, bytes: 10 });
  assert.deepEqual(await world.segments.write(3, "", []), { parts: 0, bytes: 0 });
  assert.ok(world.database.disk.get(journalKey(2, 0)));
  assert.ok(world.database.disk.get(userKey("ann")));
  assert.equal(world.database.disk.get(journalKey(1, 0)), null);
  assert.deepEqual(await world.reopen(), ["héllo", ""]);
});

Deno.test("Segments.write() refuses a text that is too long, and goes on", async () => {
  const world = await World.open();
  const longest = "x".repeat(SEGMENT_BYTES_MAX);
  await world.segments.write(1, longest, []);
  await assert.rejects(world.segments.write(2, `${longest}x`, []), RangeError);
  assert.equal(await world.segments.find(2), null);
  await world.segments.write(3, "next", []);
  assert.deepEqual((await world.reopen()).map(({ length }) => length), [SEGMENT_BYTES_MAX, 4]);
});

Deno.test("Segments.write() goes on to other files, and writes those again that are settled", async () => {
  const world = await World.open();
  await world.fill(1, 10);
  assert.deepEqual(world.slots, { named: [1, 2, 3, 4], there: [1, 2, 3, 4] });
  await world.settle(9);
  await world.fill(11, 18);
  assert.deepEqual(world.slots, { named: [1, 2, 3, 4], there: [1, 2, 3, 4] });
  const texts = await world.reopen();
  assert.deepEqual(texts.map((text) => parseInt(text)), [10, 11, 12, 13, 14, 15, 16, 17, 18]);
});

Deno.test("Segments.write() deletes files that nobody needs, but for a few", async () => {
  const world = await World.open();
  await world.fill(1, 60);
  assert.equal(world.slots.named.length, 20);
  await world.settle(60);
  await world.fill(61, 63);
  const { named, there } = world.slots;
  assert.deepEqual(there, named.toSorted());
  assert.equal(named.length, 9, "the one that is written and eight more");
  assert.equal((await world.reopen()).length, 3);
});

Deno.test("Segments - a life writes no file of another one, which may write it yet", async () => {
  const world = await World.open();
  await world.fill(1, 2);
  await world.reopen();
  await world.fill(3, 3);
  assert.deepEqual(world.slots.named, [1, 2]);
  assert.deepEqual((await world.reopen()).map((text) => parseInt(text)), [1, 2, 3]);
  await world.settle(3);
  await world.reopen();
  await world.fill(4, 4);
  assert.deepEqual(world.slots, { named: [1], there: [1] }, "what is settled goes, and first");
  assert.deepEqual((await world.reopen()).map((text) => parseInt(text)), [4]);
});

for (const fault of ["refused", "unanswered"] as const) {
  Deno.test(`Segments.find() makes sure that a write that was ${fault} is never found`, async () => {
    const world = await World.open();
    await world.fill(1, 1);
    world.faults.push(fault);
    await assert.rejects(world.segments.write(2, "lost", []), StoreUnavailableError);
    assert.equal(await world.segments.find(2), null);
    assert.equal((await world.reopen()).length, 1);
    await world.segments.write(2, "next", []);
    assert.deepEqual((await world.reopen()).at(-1), "next");
  });

  Deno.test(`Segments.find() does not tell while the disk is ${fault}`, async () => {
    const world = await World.open();
    await world.fill(1, 1);
    world.faults.push("unanswered", fault, fault);
    await assert.rejects(world.segments.write(2, "lost", []), StoreUnavailableError);
    await assert.rejects(world.segments.find(2), StoreUnavailableError);
    await assert.rejects(world.segments.find(2), StoreUnavailableError);
    assert.equal(await world.segments.find(2), null);
    await world.segments.write(3, "next", []);
    assert.deepEqual((await world.reopen()).slice(1), ["next"]);
  });
}

Deno.test("Segments.find() finds a commit of the database that was made and not answered", async () => {
  const world = await World.open();
  const write = { key: userKey("ann"), value: new Uint8Array(1) };
  world.database.failOnce("unanswered");
  await assert.rejects(world.segments.write(1, "text", [write]));
  assert.deepEqual(await world.segments.find(1), { parts: 1, bytes: 4 });
  world.database.failOnce("refused");
  await assert.rejects(world.segments.write(2, "text", [write]));
  assert.equal(await world.segments.find(2), null);
});

Deno.test("Segments.write() can be tried again wherever going on to another file failed", async () => {
  // List, create, header; or list, create and header are made, and the database refuses the name.
  for (const fault of ["refused", "unanswered"] as const) {
    for (let made = 0; made <= 3; made++) {
      const world = await World.open();
      await world.fill(1, 3);
      if (made === 3) world.database.failOnce(fault);
      else world.faults.push(...Array<"made">(made).fill("made"), fault);
      await assert.rejects(world.fill(4, 4), StoreUnavailableError);
      assert.equal(await world.segments.find(4), null);
      await world.fill(5, 8);
      const texts = await world.reopen();
      assert.deepEqual(texts.map((text) => parseInt(text)), [1, 2, 3, 5, 6, 7, 8], `${made} made`);
      const { named, there } = world.slots;
      assert.deepEqual(there, named.toSorted(), "nothing is left over");
    }
  }
});

Deno.test("Segments.write() holds no file that it could not delete", async () => {
  const world = await World.withSpares();
  // The first of the surplus cannot be deleted.
  world.faults.push("refused");
  await world.fill(61, 61);
  const { named, there } = world.slots;
  assert.equal(there.length, 20);
  const held = [...world.database.disk.files].filter(([, { holder }]) => holder !== null);
  assert.deepEqual(held.map(([slot]) => slot).sort(), named.toSorted());
});

Deno.test("Segments.write() uses no file that the database may not name any more", async () => {
  const world = await World.withSpares();
  world.database.failOnce("unanswered");
  // The commit that lets the surplus go was made, and nobody was told.
  await world.fill(61, 63);
  assert.equal(world.slots.named.length, 9);
  world.database.judge = (kind) => kind === "commit" ? "refused" : "made";
  await assert.rejects(world.fill(64, 120), StoreUnavailableError);
  world.database.judge = () => "made";
  await world.fill(121, 180);
  assert.equal((await world.reopen()).length, 63);
});

Deno.test("Segments.write() adds nothing behind a header that could not be written", async () => {
  for (const fault of ["refused", "unanswered"] as const) {
    const world = await World.open();
    await world.fill(1, 3);
    await world.settle(3);
    world.faults.push(fault);
    await assert.rejects(world.fill(4, 4), StoreUnavailableError);
    assert.equal(await world.segments.find(4), null);
    await world.segments.write(5, "short", []);
    assert.deepEqual(await world.reopen(), ["short"]);
  }
});

Deno.test("Segments.write() adds nothing to a file that it let go before the next one failed", async () => {
  const world = await World.withSpares();
  const surplus = 11;
  // The one that was written is among those that are deleted; the header of the next is refused.
  world.faults.push(...Array<"made">(surplus).fill("made"), "refused");
  await assert.rejects(world.fill(61, 61), StoreUnavailableError);
  assert.equal(world.slots.there.length, 20 - surplus);
  assert.equal(await world.segments.find(61), null);
  await world.segments.write(62, "short", []);
  assert.deepEqual(await world.reopen(), ["short"]);
});

Deno.test("Segments.open() reads a file that is full of segments without a text", async () => {
  const world = await World.open();
  world.fileBytes = 4 * 1024 * 1024;
  await world.reopen();
  await world.segments.write(1, "", []);
  const file = world.database.disk.files.get(1);
  assert.ok(file);
  const bytes = new Uint8Array(world.fileBytes);
  bytes.set(file.bytes);
  file.bytes = bytes;
  // What asking every second whether the disk can be written leaves of two quiet days.
  const count = 174_000;
  for (let number = 2; number <= count; number++) await world.segments.write(number, "", []);
  assert.equal(world.slots.named.length, 1);
  assert.equal((await world.reopen()).length, count);
  await world.settle(count - 1);
  assert.equal((await world.reopen()).length, 1);
});

Deno.test("Segments.open() tells of a disk that refuses to list or to delete files", async () => {
  for (let made = 0; made <= 1; made++) {
    const world = await World.open();
    world.database.disk.files.set(7, { bytes: new Uint8Array(), holder: null, newest: 0 });
    world.faults.push(...Array<"made">(made).fill("made"), "refused");
    await assert.rejects(world.reopen(), StoreUnavailableError);
  }
});

Deno.test("Segments.open() says which file is missing, and does not start", async () => {
  const world = await World.open();
  await world.fill(1, 4);
  world.database.disk.files.delete(1);
  const message = "Cannot open the store: file 1 of its journal is missing";
  await assert.rejects(world.reopen(), { name: "StoreUnavailableError", message });
  await assert.rejects(Segments.assertFree(world.database, world.directory()), { message });
  await assert.rejects(Segments.assertFree(world.database, null), { message });
});

Deno.test("Segments.open() says which file is damaged, and does not start", async () => {
  const world = await World.open();
  await world.fill(1, 4);
  world.database.disk.files.get(2)?.bytes.fill(0);
  const message = "Cannot open the store: file 2 of its journal is damaged";
  await assert.rejects(world.reopen(), { name: "StoreUnavailableError", message });
});

Deno.test("Segments.assertFree() refuses where messages were left without their database", async () => {
  const world = await World.open();
  const fresh = new FakeDatabase();
  (await world.directory().create(1)).close();
  await Segments.assertFree(fresh, world.directory());
  await world.fill(1, 1);
  await world.reopen();
  const message = "Cannot open the store: file 2 of its journal is here, and its database is not";
  await world.segments.close();
  await assert.rejects(Segments.assertFree(fresh, world.directory()), { message });
  await Segments.assertFree(world.database, world.directory());
});

Deno.test("Segments.assertFree() refuses while another process has a file", async () => {
  const world = await World.open();
  await world.fill(1, 1);
  await assert.rejects(Segments.assertFree(world.database, world.directory()), {
    message: "Another process has the file",
  });
  await world.segments.close();
  await Segments.assertFree(world.database, world.directory());
});

Deno.test("Segments.close() leaves no files where all is settled, and keeps them else", async () => {
  const world = await World.open();
  await world.fill(1, 5);
  await world.segments.close();
  assert.deepEqual(world.slots, { named: [1, 2], there: [1, 2] });
  assert.equal((await world.reopen()).length, 5);
  await world.settle(5);
  await world.segments.close();
  assert.deepEqual(world.slots, { named: [], there: [] });
  assert.deepEqual(await world.reopen(), []);
});

Deno.test("Segments.close() keeps a file in which something may stand that nobody undid", async () => {
  const world = await World.open();
  await world.fill(1, 1);
  await world.settle(1);
  world.faults.push("unanswered", "refused");
  await assert.rejects(world.segments.write(2, "perhaps", []));
  await assert.rejects(world.segments.find(2));
  await world.segments.close();
  assert.deepEqual(world.slots.named, [1]);
});
