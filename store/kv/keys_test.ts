import assert from "node:assert/strict";
import type { Key, Range } from "./database.ts";
import { DenoDatabase } from "./deno_database.ts";
import * as keys from "./keys.ts";

/** Names that sort next to each other, or hold what a range might trip over. */
const NAMES = ["a", "a!", "aa", "b", "bob", "bob ", "bobb", "z\u00ff", "é", "語", "🐚"];

const POSITIONS = [1, 2, 9, 10, 11, 255, 256, 65_536, 2 ** 31, 2 ** 32 + 1, 2 ** 53 - 1];

const PROVIDERS = ["fcm", "apns", "web"] as const;

/** One key of each kind for every name, all in one database. */
function allKeys(): Key[] {
  const made: Key[] = [keys.ownerKey, keys.countersKey];
  for (const number of POSITIONS) {
    made.push(keys.journalKey(number, 0), keys.journalKey(number, 1), keys.journalKey(number, 10));
    made.push(keys.cidExpiryKey(number, 1), keys.cidExpiryKey(number, 2));
  }
  for (const name of NAMES) {
    made.push(keys.userKey(name), keys.mailboxKey(name), keys.removalKey(name));
    made.push(keys.revokedUserKey(name), keys.revokedTokenKey(name));
    for (const provider of PROVIDERS) made.push(keys.pushKey({ provider, token: name }));
    for (const other of NAMES) {
      made.push(keys.deviceKey(name, other), keys.cidKey(name, other), keys.emailKey(other, name));
    }
    for (const position of POSITIONS) {
      made.push(keys.chunkKey(name, position, 0), keys.chunkKey(name, position, 1));
      made.push(keys.expiryKey(position, name), keys.asideKey(name, "phone", position, 0));
      made.push(keys.tokenExpiryKey(position, name), keys.tokenExpiryKey(position + 0.5, name));
    }
  }
  return made;
}

/** A database with all keys. */
async function open(): Promise<DenoDatabase> {
  const database = await DenoDatabase.open(":memory:");
  const made = allKeys();
  for (let start = 0; start < made.length; start += 500) {
    const writes = made.slice(start, start + 500).map((key) => ({ key, value: new Uint8Array() }));
    assert.ok(await database.commit([], writes));
  }
  return database;
}

/** Checks that a range holds exactly the keys that a condition names, in the order it gives. */
async function assertRange(
  database: DenoDatabase,
  range: Range,
  expected: readonly Key[],
): Promise<void> {
  const rows = await database.list(range, 10_000);
  assert.deepEqual(rows.map(({ key }) => key), expected);
}

Deno.test("the ranges of keys catch what they say and nothing else, in order", async () => {
  const database = await open();
  try {
    const names = NAMES.toSorted((a, b) => a === b ? 0 : isBefore(a, b) ? -1 : 1);
    await assertRange(database, keys.removalsRange, names.map(keys.removalKey));
    for (const [index, name] of names.entries()) {
      const after = names.slice(index + 1).map(keys.userKey);
      await assertRange(database, keys.usersRange(name), after);
      await assertRange(
        database,
        keys.devicesRange(name),
        names.map((device) => keys.deviceKey(name, device)),
      );
      const emails = names.map((user) => keys.emailKey(name, user));
      await assertRange(database, keys.emailsRange(name), emails);
      const asides = POSITIONS.map((position) => keys.asideKey(name, "phone", position, 0));
      await assertRange(database, keys.asidesRange(name), asides);
      for (const [index, position] of POSITIONS.entries()) {
        const place = { device: "phone", position };
        await assertRange(database, keys.asidesRange(name, place), asides.slice(index + 1));
      }
    }
    await assertRange(database, keys.usersRange(""), names.map(keys.userKey));
    const cids = names.flatMap((sender) => names.map((cid) => keys.cidKey(sender, cid)));
    await assertRange(database, keys.cidsRange(null), cids);
    for (const name of names) {
      const own = names.map((cid) => keys.cidKey(name, cid));
      await assertRange(database, keys.cidsOfRange(name), own);
    }
    const devices = names.flatMap((user) => names.map((id) => ({ user, id })));
    const deviceKeys = devices.map(({ user, id }) => keys.deviceKey(user, id));
    await assertRange(database, keys.allDevicesRange(null), deviceKeys);
    for (const [index, device] of devices.entries()) {
      await assertRange(database, keys.allDevicesRange(device), deviceKeys.slice(index + 1));
    }
    for (const [index, key] of cids.entries()) {
      await assertRange(database, keys.cidsRange(key), cids.slice(index + 1));
    }
  } finally {
    database.close();
  }
});

Deno.test("the ranges of positions and times end where they say, to the unit", async () => {
  const database = await open();
  try {
    for (const position of POSITIONS) {
      const [passed, past] = split(position);
      for (const name of NAMES) {
        const chunks = past.flatMap((last) =>
          [0, 1].map((part) => keys.chunkKey(name, last, part))
        );
        await assertRange(database, keys.chunksRange(name, position), chunks);
      }
      const lists = passed.flatMap((at) => [1, 2].map((serial) => keys.cidExpiryKey(at, serial)));
      await assertRange(database, keys.cidExpiriesRange(position), lists);
      const tokens = await database.list(keys.tokenExpiriesRange(position), 10_000);
      assert.equal(tokens.length, (2 * passed.length - 1) * NAMES.length);
      assert.ok(tokens.every(({ key }) => Number(key[1]) <= position));
      const segments = [position, ...past].flatMap((number) =>
        [0, 1, 10].map((part) => keys.journalKey(number, part))
      );
      await assertRange(database, keys.journalRange(position), segments);
      const expired = await database.list(keys.expiriesRange(position), 10_000);
      assert.equal(expired.length, passed.length * NAMES.length);
      assert.ok(expired.every(({ key }) => Number(key[1]) <= position));
      assert.deepEqual(new Set(expired.map(({ key }) => keys.expiryUser(key))), new Set(NAMES));
    }
  } finally {
    database.close();
  }
});

Deno.test("keys of what may be long are short, and those of two texts differ", () => {
  const long = "x".repeat(10_000);
  const made = [long, `${long}.`, "", "."].flatMap((text) => [
    keys.emailKey(text, "bob"),
    ...PROVIDERS.map((provider) => keys.pushKey({ provider, token: text })),
    keys.revokedUserKey(text),
    ["cids", keys.senderMark(text)],
    keys.revokedTokenKey(text),
    keys.tokenExpiryKey(1, text),
  ]);
  const texts = made.map((key) => key.join(" "));
  assert.ok(texts.every((text) => text.length < 100));
  assert.equal(new Set(texts).size, texts.length);
});

Deno.test("the parts of a key are read back", () => {
  assert.equal(keys.chunkLast(keys.chunkKey("bob", 7, 1)), 7);
  assert.equal(keys.expiryUser(keys.expiryKey(7, "bob")), "bob");
  assert.deepEqual(keys.cidNames(keys.cidKey("bob", "c")), ["bob", "c"]);
  const place = { device: "phone", position: 7 };
  assert.deepEqual(keys.asidePlace(keys.asideKey("bob", "phone", 7, 1)), place);
  assert.equal(keys.emailUser(keys.emailKey("b@x.org", "bob")), "bob");
  const expiry = keys.tokenExpiryKey(7, "t");
  assert.deepEqual(keys.expiredTokenKey(expiry), keys.revokedTokenKey("t"));
  assert.equal(keys.removalUser(keys.removalKey("bob")), "bob");
});

/** Positions up to one, that one included, and those past it. */
function split(position: number): [number[], number[]] {
  return [
    POSITIONS.filter((other) => other <= position),
    POSITIONS.filter((other) => other > position),
  ];
}

/** By code point, which is the order of UTF-8 bytes and not that of JavaScript's strings. */
function isBefore(a: string, b: string): boolean {
  const [left, right] = [[...a], [...b]];
  for (let index = 0;; index++) {
    const [one, other] = [left[index]?.codePointAt(0) ?? -1, right[index]?.codePointAt(0) ?? -1];
    if (one !== other) return one < other;
  }
}
