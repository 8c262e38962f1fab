import assert from "node:assert/strict";
import fc from "fast-check";
import type { Database, Key, Row } from "../../store/kv/database.ts";
import { DenoDatabase } from "../../store/kv/deno_database.ts";
import { SimDatabase } from "./sim_database.ts";
import { encodeKey, SimDisk } from "./sim_disk.ts";

/** A simulated database that answers at once, and counts what it finds wrong. */
function openSim(): { database: SimDatabase; faults: string[] } {
  const faults: string[] = [];
  const database = new SimDatabase(new SimDisk(), {
    called(operation) {
      operation.happen();
      operation.answer();
    },
    committed() {},
    violated: (what) => void faults.push(what),
  });
  return { database, faults };
}

const part = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "a\u0000", "a\u0000b", "é", "\uffff", "😀"),
  fc.string({ maxLength: 3, unit: "grapheme" }),
  fc.constantFrom(0, 1, 2, 10, -1, 0.5, Infinity, -Infinity, 2 ** 53, 1767225600000),
  fc.double({ noNaN: true }).map((value) => value === 0 ? 0 : value),
);
const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Key>(["a"], ["a", 1], ["a", 2], ["a", 10], ["b", "x"]) },
  fc.array(part, { minLength: 1, maxLength: 3 }),
);
const value = fc.uint8Array({ maxLength: 8 });
const operation = fc.oneof(
  fc.record({ kind: fc.constant("read" as const), keys: fc.array(key, { maxLength: 10 }) }),
  fc.record({
    kind: fc.constant("list" as const),
    start: key,
    end: key,
    limit: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant("commit" as const),
    checks: fc.array(
      fc.record({ key, version: fc.constantFrom("now", "none", "stale") }),
      { maxLength: 2 },
    ),
    writes: fc.array(fc.record({ key, value: fc.option(value, { freq: 4 }) }), { maxLength: 6 }),
  }),
);
type Step = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Does one step and says what can be compared: versions differ from database to database. */
async function run(database: Database, step: Step, stale: Map<string, string>): Promise<unknown> {
  const seen = (row: Row | null) => row === null ? null : [row.key, [...row.value]];
  switch (step.kind) {
    case "read":
      return (await database.read(step.keys)).map(seen);
    case "list": {
      const isForward = encodeKey(step.start) <= encodeKey(step.end);
      const [start, end] = isForward ? [step.start, step.end] : [step.end, step.start];
      return (await database.list({ start, end }, step.limit)).map(seen);
    }
    case "commit": {
      const checks = [];
      for (const { key, version } of step.checks) {
        const [row] = await database.read([key]);
        const old = stale.get(encodeKey(key)) ?? null;
        if (row) stale.set(encodeKey(key), row.version);
        const current = row?.version ?? null;
        checks.push({
          key,
          version: version === "now" ? current : version === "none" ? null : old,
        });
      }
      return await database.commit(checks, step.writes) !== null;
    }
  }
}

Deno.test("SimDatabase does what Deno KV does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (steps) => {
      const real = await DenoDatabase.open(":memory:");
      try {
        const { database, faults } = openSim();
        const stale = [new Map<string, string>(), new Map<string, string>()] as const;
        for (const step of steps) {
          const expected = await run(real, step, stale[0]);
          assert.deepEqual(await run(database, step, stale[1]), expected);
        }
        assert.deepEqual(faults, []);
      } finally {
        real.close();
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("SimDatabase has the limits of Deno KV", async () => {
  const bytes = (length: number) => new Uint8Array(length);
  const rows = (count: number, length: number) =>
    Array.from({ length: count }, (_, i) => ({ key: ["k", i], value: bytes(length) }));
  // A key of one string has its type, its characters and an end.
  const long = (length: number) => ({ key: ["x".repeat(length - 2)], value: bytes(0) });
  const keys = (length: number) =>
    Array.from({ length: 41 }, (_, i) => ({
      key: [i, "x".repeat((i < 40 ? 2000 : length - 80_000) - 11)],
      value: bytes(0),
    }));
  const rowBytes = encodeKey(["k", 0]).length;
  const cases: [string, { key: Key; value: Uint8Array }[], boolean][] = [
    ["a value of 65,536 bytes", rows(1, 65_536), true],
    ["a value of 65,537 bytes", rows(1, 65_537), false],
    ["1,000 mutations", rows(1000, 1), true],
    ["1,001 mutations", rows(1001, 1), false],
    ["a key of 2,048 bytes", [long(2048)], true],
    ["a key of 2,049 bytes", [long(2049)], false],
    ["80 KiB of keys", keys(80 * 1024), true],
    ["80 KiB of keys and a byte", keys(80 * 1024 + 1), false],
    ["800 KiB", rows(16, 800 * 64 - 2 * rowBytes), true],
    [
      "800 KiB and a byte",
      [...rows(15, 800 * 64 - 2 * rowBytes), {
        key: ["k", 15],
        value: bytes(800 * 64 - 2 * rowBytes + 1),
      }],
      false,
    ],
  ];
  const real = await DenoDatabase.open(":memory:");
  try {
    for (const [name, writes, fits] of cases) {
      for (const database of [real, openSim().database]) {
        const outcome = await database.commit([], writes).then(() => true, (error) => {
          assert.ok(error instanceof TypeError, name);
          return false;
        });
        assert.equal(outcome, fits, `${name}: ${database.constructor.name}`);
      }
    }
  } finally {
    real.close();
  }
});

Deno.test("SimDatabase refuses a range that goes backwards, as Deno KV does", async () => {
  const { database } = openSim();
  const real = await DenoDatabase.open(":memory:");
  try {
    for (const each of [real, database]) {
      await assert.rejects(each.list({ start: ["b"], end: ["a"] }, 1), TypeError);
      assert.deepEqual(await each.list({ start: ["a"], end: ["a"] }, 1), []);
    }
  } finally {
    real.close();
  }
});

Deno.test("SimDatabase finds a value that is changed while its commit is under way", async () => {
  const faults: string[] = [];
  const database = new SimDatabase(new SimDisk(), {
    called(operation) {
      operation.happen();
      queueMicrotask(() => operation.answer());
    },
    committed() {},
    violated: (what) => void faults.push(what),
  });
  const value = new Uint8Array(4);
  const commit = database.commit([], [{ key: ["k"], value }]);
  value[0] = 1;
  await commit;
  assert.deepEqual((await database.read([["k"]]))[0]?.value, new Uint8Array(4));
  assert.equal(faults.length, 1);
});
