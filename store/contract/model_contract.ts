/**
 * The whole contract of the mailboxes at once: random calls against a store and against the model,
 * and the invariants I2 to I6 after each. A failure prints its seed and its shortest calls.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CID_MS_MIN } from "../../limits.ts";
import type { Draft, Entry, Outcome } from "../store.ts";
import { Model, type Reader } from "./model.ts";
import { type ContractTest, HOUR_MS, type World } from "./world.ts";

/** Few of each, so that the calls meet. */
const USERS = ["alice", "bob"];
const DEVICES = ["phone", "web"];

/** Runs and calls a run: what a durable backend does in a few seconds. */
const RUNS = 50;
const CALLS_MAX = 80;

/** Pages of one mailbox in one step: a read that does not move on ends here. */
const PAGES_MAX = 500;

/** The property test. */
export const modelTests: readonly ContractTest[] = [
  {
    // The tests beside this one check what somebody thought of; this one the rest.
    name: "Store agrees with the model after any calls (I2 to I6)",
    run: (world) => checkProperty(world, CALLS),
  },
  {
    // The same over restarts: what a crash or a stop leaves on disk must be the whole truth.
    name: "Store agrees with the model after any calls and restarts (I2 to I6)",
    reopens: true,
    run: (world) => checkProperty(world, [...CALLS, fc.constant(reopen())]),
  },
];

type Call = fc.AsyncCommand<Model, World>;

async function checkProperty(
  world: World,
  calls: readonly fc.Arbitrary<Call>[],
): Promise<void> {
  const property = fc.asyncProperty(
    fc.commands([...calls], { maxCommands: CALLS_MAX, size: "max" }),
    async (commands) => {
      await using real = await world.another();
      await real.users(...USERS);
      const model = new Model(USERS, real);
      await fc.asyncModelRun(() => ({ model, real }), commands);
      for (const user of USERS) {
        for (const device of DEVICES) await attach({ user, device }, "oldest").run(model, real);
      }
    },
  );
  await fc.assert(property, { numRuns: RUNS });
}

const anyReader: fc.Arbitrary<Reader> = fc.record({
  user: fc.constantFrom(...USERS),
  device: fc.constantFrom(...DEVICES),
});

const anyDraft: fc.Arbitrary<Partial<Draft>> = fc.record({
  to: mostly(fc.constantFrom(...USERS), "nobody"),
  kind: mostly<Draft["kind"]>(fc.constant("message"), "receipt"),
  receipt: fc.boolean(),
  ttl: fc.constantFrom(1000, HOUR_MS, 2 * CID_MS_MIN),
  bot: mostly<boolean>(fc.constant(false), true),
  cid: fc.option(fc.constantFrom("1", "2", "3"), { nil: undefined, freq: 2 }),
  fingerprint: mostly(fc.constant("f"), "g"),
}).map(({ ttl, bot, cid, fingerprint, ...rest }) => ({
  ...rest,
  ...bot ? { from: "bot" } : {},
  ...cid === undefined ? {} : { cid, fingerprint },
  // Counted from the moment of the call; see `draftsOf`.
  expires: ttl,
}));

/** One in ten times, something else. */
function mostly<T>(usual: fc.Arbitrary<T>, other: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: fc.constant(other) });
}

const someDrafts = fc.array(anyDraft, { minLength: 1, maxLength: 4 });

const anyAppend = fc.tuple(anyReader, someDrafts, fc.boolean())
  .map(([sender, parts, atomic]) => append(sender, [parts], atomic));
const anyAttach = fc.tuple(anyReader, fc.constantFrom("oldest", "newest"))
  .map(([reader, start]) => attach(reader, start));
const anyDrain = fc.tuple(anyReader, fc.integer({ min: 1, max: 8 }))
  .map(([reader, messages]) => drain(reader, messages));

/** What is here twice comes twice as often. */
const CALLS: readonly fc.Arbitrary<Call>[] = [
  anyAppend,
  anyAppend,
  fc.tuple(anyReader, fc.array(someDrafts, { minLength: 2, maxLength: 4 }))
    .map(([sender, calls]) => append(sender, calls, false)),
  anyAttach,
  anyAttach,
  anyDrain,
  anyDrain,
  anyReader.map(leave),
  anyReader.map(forget),
  fc.constantFrom(1, 999, 1000, 1000, HOUR_MS, CID_MS_MIN).map(wait),
  fc.constant(sweep()),
  fc.constant(sweep()),
  fc.constant(settle()),
];

/** Makes several calls of one sender without waiting in between (I5, I6). */
function append(sender: Reader, calls: readonly Partial<Draft>[][], atomic: boolean): Call {
  return command(`append(${JSON.stringify({ sender, calls, atomic })})`, async (model, world) => {
    const made = calls.map((parts) => draftsOf(world, sender, parts));
    const heard = world.news.length;
    const answers = await Promise.all(
      made.map((drafts) => world.mailboxes.append(drafts, { atomic })),
    );
    const expected: Outcome[][] = [];
    const added = new Map<string, Draft[]>();
    for (const drafts of made) {
      const answer = model.append(drafts, atomic);
      expected.push(answer.outcomes);
      for (const [user, some] of answer.added) added.set(user, [...added.get(user) ?? [], ...some]);
    }
    assert.deepEqual(answers, expected);
    const news = world.news.slice(heard);
    for (const user of USERS) {
      model.commit(user, added.get(user) ?? [], news.filter((piece) => piece.user === user));
    }
  });
}

function draftsOf(world: World, sender: Reader, parts: readonly Partial<Draft>[]): Draft[] {
  return parts.map(({ expires: ttl = 0, ...part }) =>
    world.draft({ sender: sender.user, device: sender.device, ...part, expires: world.now + ttl })
  );
}

/** Attaches, reads everything that waits and checks it against what was promised. */
function attach(reader: Reader, start: "oldest" | "newest"): Call {
  const { user, device } = reader;
  return command(`attach(${user}, ${device}, ${start})`, async (model, world) => {
    const answer = await world.attach(user, device, start);
    model.attach(reader, start, answer);
    const waiting: Entry[] = [];
    let after = answer.cursor;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const page = await world.page(user, device, after);
      model.read(reader, after, page);
      waiting.push(...page.entries);
      if (page.end) break;
      after = page.upTo;
    }
    const messages = waiting.filter((entry) => entry.kind === "message");
    assert.equal(answer.pending, messages.length, "What is pending is what can be read");
  });
}

/** Reads one page after the cursor and acknowledges it; an older acknowledgement is late (I3). */
function drain(reader: Reader, messages: number): Call {
  const { user, device } = reader;
  return command(`drain(${user}, ${device}, ${messages})`, async (model, world) => {
    const cursor = model.cursor(reader);
    if (cursor === undefined) return;
    const limit = { messages, bytes: 1024 * 1024 };
    const page = await world.mailboxes.read(user, device, cursor, limit);
    assert.ok(page.entries.length <= messages);
    model.read(reader, cursor, page);
    world.mailboxes.acknowledge(user, device, page.upTo);
    world.mailboxes.acknowledge(user, device, cursor);
    model.acknowledge(reader, page.upTo);
  });
}

/** A device disconnects after one page was sent to it; an older connection ends late. */
function leave(reader: Reader): Call {
  const { user, device } = reader;
  return command(`leave(${user}, ${device})`, async (model, world) => {
    const cursor = model.cursor(reader);
    if (cursor === undefined) return;
    const { upTo } = await world.page(user, device, cursor);
    world.mailboxes.detach(user, device, upTo);
    world.mailboxes.detach(user, device, cursor);
    model.detach(reader, upTo);
  });
}

function forget(reader: Reader): Call {
  const { user, device } = reader;
  return command(`forget(${user}, ${device})`, async (model, world) => {
    await world.mailboxes.forget(user, device);
    model.forget(reader);
  });
}

function wait(ms: number): Call {
  return command(`wait(${ms})`, (_model, world) => {
    world.now += ms;
    return Promise.resolve();
  });
}

function sweep(): Call {
  return command("sweep()", async (model, world) => {
    const told: Entry[] = [];
    await world.store.sweeper.sweep((entries) => Promise.resolve(void told.push(...entries)));
    model.sweep(told);
  });
}

function settle(): Call {
  return command("settle()", (_model, world) => world.settle());
}

function reopen(): Call {
  return command("reopen()", async (model, world) => {
    await world.reopen();
    model.reopen();
  });
}

function command(name: string, run: Call["run"]): Call {
  return { check: () => true, run, toString: () => name };
}
