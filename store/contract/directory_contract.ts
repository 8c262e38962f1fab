/**
 * The whole contract of the directory at once: random calls, several at a time, against a store and
 * against the model. What a store answers to calls that are made at once must be what the model
 * answers to them one after another, in some order. A failure prints its seed and its shortest
 * calls.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { anyCall, type Before, type DirectoryCall, TOKEN_MS } from "./directory_calls.ts";
import { DirectoryModel, type Snapshot, takeSnapshot, USERS } from "./directory_model.ts";
import type { ContractTest, World } from "./world.ts";

/** Runs, and steps of a run: what a durable backend does in a few seconds. */
const RUNS = 40;
const STEPS_MAX = 25;

/** Calls at once: all their orders are tried. */
const CALLS_MAX = 4;

/** Turns of the event loop's microtasks that two calls may be apart. */
const TURNS_MAX = 40;

/** The property tests. */
export const directoryTests: readonly ContractTest[] = [
  {
    // The tests beside this one check what somebody thought of; this one the rest.
    name: "Store agrees with the model of the directory after any calls, several at once",
    run: (world) => checkDirectory(world, [anyBatch, anyBatch, anyBatch, aWait]),
  },
  {
    // The same over restarts: what is on disk must be the whole truth.
    name: "Store agrees with the model of the directory after any calls and restarts",
    reopens: true,
    run: (world) => checkDirectory(world, [anyBatch, anyBatch, anyBatch, aWait, aRestart]),
  },
];

/** Something that is done to a directory, after which nothing goes on. */
export interface DirectoryStep {
  /** @returns what the directory must be now */
  take(world: World, model: DirectoryModel): Promise<DirectoryModel>;
  toString(): string;
}

/** A call, and after how many turns of the microtasks the next one is made. */
type Spaced = readonly [call: DirectoryCall, turns: number];

/** Some calls, made at once or nearly so. */
export const anyBatch: fc.Arbitrary<DirectoryStep> = fc.array(
  fc.tuple(anyCall, fc.oneof(fc.constant(0), fc.integer({ min: 0, max: TURNS_MAX }))),
  { minLength: 1, maxLength: CALLS_MAX },
).map(batch);

/** Time passes until the tokens have ended that are refused, and they are swept. */
const aWait: fc.Arbitrary<DirectoryStep> = fc.constantFrom(TOKEN_MS - 1, TOKEN_MS).map((ms) => ({
  async take(world, model) {
    world.now += ms;
    await world.store.sweeper.sweep(() => Promise.resolve());
    return model;
  },
  toString: () => `wait(${ms})`,
}));

/** The store is closed and opened again. */
export const aRestart: fc.Arbitrary<DirectoryStep> = fc.constant({
  async take(world, model) {
    await world.reopen();
    return model;
  },
  toString: () => "restart()",
});

/**
 * Takes random steps on stores of a backend.
 *
 * @param looked called after each step; a backend may check what the ports do not show
 */
export async function checkDirectory(
  world: World,
  steps: readonly fc.Arbitrary<DirectoryStep>[],
  looked: (world: World) => void = () => {},
): Promise<void> {
  const anySteps = fc.array(fc.oneof(...steps), { maxLength: STEPS_MAX, size: "max" });
  const property = fc.asyncProperty(anySteps, async (steps) => {
    await using real = await world.another();
    let model = new DirectoryModel();
    for (const step of steps) {
      model = await step.take(real, model);
      const expected = model.snapshot(real.now);
      assert.deepEqual(await takeSnapshot(real.store, expected), expected);
      looked(real);
    }
  });
  await fc.assert(property, { numRuns: RUNS });
}

function batch(calls: readonly Spaced[]): DirectoryStep {
  return {
    async take(world, model) {
      const before = { now: world.now, versions: await versionsOf(world), model };
      const answers = await makeAll(world, calls, before);
      const snapshot = await takeSnapshot(world.store, model.snapshot(world.now));
      return explain(calls.map(([call]) => call), answers, before, snapshot);
    },
    toString: () => `together(${calls.map(([call, turns]) => `${call} +${turns}`).join(", ")})`,
  };
}

async function makeAll(world: World, calls: readonly Spaced[], before: Before): Promise<unknown[]> {
  const answers: Promise<unknown>[] = [];
  for (const [call, turns] of calls) {
    answers.push(call.make(world.store, before));
    for (let turn = 0; turn < turns; turn++) await null;
  }
  return await Promise.all(answers);
}

async function versionsOf({ store }: World): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  for (const user of USERS) {
    const found = await store.users.get(user);
    if (found !== null) versions.set(user, found.version);
  }
  return versions;
}

/** Finds an order of the calls in which the model answers the same, and comes to the same. */
function explain(
  calls: readonly DirectoryCall[],
  answers: readonly unknown[],
  before: Before,
  snapshot: Snapshot,
): DirectoryModel {
  for (const order of ordersOf(calls.map((_, index) => index))) {
    const model = before.model.copy();
    const isSame = order.every((index) =>
      isDeepStrictEqual(calls[index]?.expect(model, before), answers[index])
    );
    if (isSame && isDeepStrictEqual(known(model.snapshot(before.now), snapshot), snapshot)) {
      return model;
    }
  }
  const told = calls.map((call, index) => `${call}: ${JSON.stringify(answers[index])}`).join("\n");
  throw new Error(`No order of the calls explains it:\n${told}\n${JSON.stringify(snapshot)}`);
}

/** A snapshot without what another leaves open. */
function known(snapshot: Snapshot, other: Snapshot): Snapshot {
  const tokens = snapshot.tokens.map((it, index) => other.tokens[index] === null ? null : it);
  return { ...snapshot, tokens };
}

function* ordersOf(items: readonly number[]): Generator<readonly number[]> {
  if (items.length === 0) yield [];
  for (const item of items) {
    for (const rest of ordersOf(items.filter((other) => other !== item))) yield [item, ...rest];
  }
}
