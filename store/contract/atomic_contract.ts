/**
 * The contract of `append` with `atomic`: all drafts of a call or none.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Draft } from "../store.ts";
import { type ContractTest, idsOf, type World } from "./world.ts";

const ATOMIC = { atomic: true };

/** Tests of calls that store all or nothing. */
export const atomicTests: readonly ContractTest[] = [
  {
    name: "append() with atomic stores all drafts where all can be stored",
    async run(world) {
      await world.users("bob", "carol");
      const kinds = await world.kinds([{ id: "a" }, { id: "b", to: "carol" }, { id: "c" }], ATOMIC);
      assert.deepEqual(kinds, ["accepted", "accepted", "accepted"]);
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), ["a", "c"]);
      assert.deepEqual(await world.ids("carol", "phone"), ["b"]);
    },
  },
  {
    // The seed's `msg.send` has one answer for all: half of a call must not be delivered.
    name: "append() with atomic stores nothing where one draft is refused, for any reason",
    limits: { mailboxMessages: 3 },
    async run(world) {
      await world.users("bob", "full");
      await world.sendMany(2, { to: "full" });
      await world.send({ to: "full", cid: "c", fingerprint: "f" });
      await world.settle();
      const refused: [string, Partial<Draft>][] = [
        ["unknown", { to: "nobody" }],
        ["full", { to: "full" }],
        ["conflict", { cid: "c", fingerprint: "other" }],
      ];
      for (const [kind, part] of refused) {
        assert.deepEqual(await world.kinds([{}, part, {}], ATOMIC), ["skipped", kind, "skipped"]);
      }
      await assertUntouched(world, "bob");
      assert.equal(world.entries("full").length, 3);
    },
  },
  {
    // Each refusal keeps its own reason, so that the sender can mend all at once.
    name: "append() with atomic gives each refused draft its own reason",
    limits: { mailboxMessages: 1 },
    async run(world) {
      await world.users("bob", "carol");
      const [first] = await world.sendMany(1, { to: "carol", cid: "c", fingerprint: "f" });
      await world.settle();
      const kinds = await world.kinds([
        { cid: "free", fingerprint: "f" },
        { to: "nobody" },
        { to: "carol" },
        { cid: "c", fingerprint: "other" },
      ], ATOMIC);
      assert.deepEqual(kinds, ["skipped", "unknown", "full", "conflict"]);
      await assertUntouched(world, "bob");
      assert.deepEqual(await world.ids("carol", "phone"), idsOf(first ? [first] : []));
    },
  },
  {
    // A skipped draft was not sent: its repeat is new.
    name: "append() with atomic remembers no cid of a refused call",
    async run(world) {
      await world.users("bob");
      const part = { cid: "c", fingerprint: "f" };
      assert.deepEqual(await world.kinds([part, { to: "nobody" }], ATOMIC), ["skipped", "unknown"]);
      await world.settle();
      assert.deepEqual(await world.kinds([{ ...part, fingerprint: "g" }]), ["accepted"]);
    },
  },
  {
    // Room is counted draft by draft, or a call could go past the limit in one step.
    name: "append() with atomic counts its own drafts when a mailbox fills",
    limits: { mailboxMessages: 3 },
    async run(world) {
      await world.users("bob");
      assert.deepEqual(
        await world.kinds([{}, {}, {}, {}], ATOMIC),
        ["skipped", "skipped", "skipped", "full"],
      );
      await assertUntouched(world, "bob");
      assert.deepEqual(await world.kinds([{}, {}, {}], ATOMIC), Array(3).fill("accepted"));
      assert.deepEqual(await world.kinds([{}]), ["full"]);
    },
  },
  {
    // A client that repeats a batch must get through, though part of it was stored before.
    name: "append() with atomic stores the new drafts beside repeats",
    async run(world) {
      await world.users("bob");
      const first = await world.send({ cid: "1", fingerprint: "f" });
      await world.settle();
      const kinds = await world.kinds([
        { cid: "1", fingerprint: "f" },
        { id: "new", cid: "2", fingerprint: "f" },
        { cid: "2", fingerprint: "f" },
      ], ATOMIC);
      assert.deepEqual(kinds, ["duplicate", "accepted", "duplicate"]);
      assert.deepEqual(await world.ids("bob", "phone"), [first.id, "new"]);
    },
  },
  {
    // What was stored before stays a repeat; a repeat of a skipped draft is skipped with it.
    name: "append() with atomic tells repeats of earlier calls from repeats of skipped drafts",
    async run(world) {
      await world.users("bob");
      const first = await world.send({ cid: "1", fingerprint: "f" });
      await world.settle();
      const outcomes = await world.append([
        { cid: "1", fingerprint: "f" },
        { cid: "2", fingerprint: "f" },
        { cid: "2", fingerprint: "f" },
        { to: "nobody" },
      ], ATOMIC);
      assert.deepEqual(outcomes, [
        { kind: "duplicate", id: first.id, time: first.time },
        { kind: "skipped" },
        { kind: "skipped" },
        { kind: "unknown" },
      ]);
      assert.deepEqual(await world.ids("bob", "phone"), [first.id]);
    },
  },
  {
    // A refused call must not leave a gap that stops the calls around it.
    name: "append() with atomic leaves the order of the calls around a refused one",
    async run(world) {
      await world.users("bob");
      const call = (parts: readonly Partial<Draft>[]) => world.kinds(parts, ATOMIC);
      const kinds = await Promise.all([
        call([{ id: "a" }]),
        call([{ id: "b" }, { to: "nobody" }]),
        call([{ id: "c" }]),
      ]);
      assert.deepEqual(kinds, [["accepted"], ["skipped", "unknown"], ["accepted"]]);
      await world.settle();
      assert.deepEqual(await world.ids("bob", "phone"), ["a", "c"]);
    },
  },
];

async function assertUntouched(world: World, user: string): Promise<void> {
  await world.settle();
  assert.deepEqual(await world.ids(user, "phone"), []);
  assert.deepEqual(await world.waiting(user), { messages: 0, bytes: 0 });
  assert.deepEqual(world.entries(user), []);
}
