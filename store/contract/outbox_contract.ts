/**
 * The contract of what is owed to devices that sleep.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { PushAddress } from "../store.ts";
import { look, OutboxModel, PUSH, sleeping, step } from "./outbox_model.ts";
import { type ContractTest, HOUR_MS, lastOf, withRestarts, type World } from "./world.ts";

/** Tests of what is owed to devices that sleep. */
export const outboxTests: readonly ContractTest[] = [
  ...withRestarts(
    "Outbox.look() tells what waits for a device with an address, and what a push spoke for",
    async (world, restart) => {
      const { entries: [first] } = await sleeping(world, [{ expires: world.now + 9 * HOUR_MS }]);
      assert.ok(first);
      const spoken = { upTo: 0, at: 0 };
      const expires = world.now + 9 * HOUR_MS;
      const one = {
        ...{ messages: 1, isNew: true, urgent: false, expires },
        ...{ after: 0, upTo: first.position },
      };
      assert.deepEqual(await look(world), { ...one, newest: first.id, spoken });
      const urgent = await world.send({ urgent: true });
      await restart();
      const two = { ...one, messages: 2, urgent: true, upTo: urgent.position };
      assert.deepEqual(await look(world), { ...two, newest: urgent.id, spoken });
      const said = { upTo: urgent.position, at: 7 };
      await world.store.outbox.spoke("bob", "phone", said);
      const known = { ...two, isNew: false, urgent: false, newest: urgent.id, spoken: said };
      assert.deepEqual(await look(world), known);
      await restart();
      assert.deepEqual(await look(world), known);
      await world.store.outbox.spoke("bob", "phone", { upTo: first.position, at: 7 });
      assert.deepEqual(await look(world), known);
      const third = await world.send();
      assert.deepEqual(await look(world), {
        ...known,
        messages: 3,
        isNew: true,
        upTo: third.position,
        newest: third.id,
      });
    },
  ),
  ...withRestarts(
    "Outbox.look() answers nothing once the device has acknowledged, or all has expired",
    async (world, restart) => {
      const { entries } = await sleeping(world, [{}, {}]);
      await world.attach("bob", "phone");
      world.mailboxes.acknowledge("bob", "phone", lastOf(entries));
      await restart();
      await world.settle();
      assert.equal(await look(world), null);
      const late = await world.send({ expires: world.now + 2000 });
      const later = await world.send({ expires: world.now + 4000 });
      await world.settle();
      assert.deepEqual((await look(world))?.messages, 2);
      world.now += 3000;
      assert.ok(late.expires < world.now);
      assert.deepEqual([(await look(world))?.messages, (await look(world))?.newest], [1, later.id]);
      await restart();
      world.now += 3000;
      assert.equal(await look(world), null);
    },
  ),
  {
    name: "Outbox.look() says after which message the device is owed anything",
    async run(world) {
      const { entries: [first, second] } = await sleeping(world, [{}, {}]);
      assert.ok(first && second);
      await world.attach("bob", "phone");
      world.mailboxes.acknowledge("bob", "phone", first.position);
      world.mailboxes.detach("bob", "phone", second.position);
      // A device that wants only what comes from now on was never meant to get the rest.
      await world.mailboxes.attach("bob", "watch", "newest");
      world.mailboxes.detach("bob", "watch", second.position);
      await world.device("bob", "watch", { push: { ...PUSH, token: "watch" } });
      const third = await world.send();
      const { outbox } = world.store;
      assert.deepEqual((await look(world))?.after, first.position);
      const watch = await outbox.look("bob", "watch");
      assert.deepEqual([watch?.after, watch?.upTo], [second.position, third.position]);
    },
  },
  {
    // Nobody wants to be woken by what they wrote themselves, or by the news that it was read.
    name: "Outbox.look() answers nothing of receipts and of what the user sent to others",
    async run(world) {
      await sleeping(world, []);
      await world.users("carol");
      await world.attach("bob", "web");
      const to = { sender: "bob", from: "bob", device: "web", to: "carol" };
      await world.send(to);
      await world.send({ kind: "receipt" });
      await world.settle();
      assert.equal(await look(world), null);
      assert.deepEqual(world.owed, []);
      const note = await world.send({ ...to, to: "bob" });
      assert.equal((await look(world))?.newest, note.id);
      assert.deepEqual(world.owed, [["phone", "message"]]);
    },
  },
  {
    name: "StoreListener.owed() hears of a device that is away, as often as something comes",
    async run(world) {
      await sleeping(world, []);
      await world.attach("bob", "web");
      await world.send();
      await world.append([{}, {}]);
      assert.deepEqual(world.owed, [["phone", "message"], ["phone", "message"]]);
    },
  },
  {
    name: "StoreListener.owed() hears of a device that leaves while something waits, not before",
    async run(world) {
      await sleeping(world, []);
      const { mailboxes } = world;
      // A newer connection of the device takes over from an older one.
      await world.attach("bob", "phone");
      await world.attach("bob", "phone");
      mailboxes.detach("bob", "phone", 0);
      const sent = await world.send();
      assert.deepEqual(world.owed, []);
      mailboxes.detach("bob", "phone", sent.position);
      assert.deepEqual(world.owed, [["phone", "left"]]);
      await world.attach("bob", "phone");
      mailboxes.acknowledge("bob", "phone", sent.position);
      mailboxes.detach("bob", "phone", sent.position);
      assert.equal(world.owed.length, 1);
    },
  },
  {
    // It registers by a request, with messages waiting: nobody need wait for a sweep.
    name:
      "StoreListener.owed() hears of a device that can be reached at last while something waits",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("bob", "phone");
      world.mailboxes.detach("bob", "phone", 0);
      await world.send();
      assert.deepEqual(world.owed, []);
      await world.device("bob", "phone", { push: PUSH });
      assert.deepEqual(world.owed, [["phone", "address"]]);
      await world.device("bob", "phone", { push: PUSH, name: "N" });
      assert.equal(world.owed.length, 1);
    },
  },
  ...withRestarts(
    // The old one may have been refused, and who wrote would never be heard of.
    "Outbox.look() knows of no push to an address that is new, only when the last one was",
    async (world, restart) => {
      const { entries } = await sleeping(world, [{ urgent: true }]);
      const upTo = lastOf(entries);
      await world.store.outbox.spoke("bob", "phone", { upTo, at: 7 });
      world.owed.length = 0;
      await world.device("bob", "phone", { push: { ...PUSH, registered: 9 } });
      assert.equal((await look(world))?.isNew, false);
      const others: PushAddress[] = [{ ...PUSH, token: "new" }, { ...PUSH, provider: "web" }];
      for (const push of others) {
        await world.store.outbox.spoke("bob", "phone", { upTo, at: 7 });
        await world.device("bob", "phone", { push });
        await restart();
        const waiting = await look(world);
        assert.deepEqual([waiting?.isNew, waiting?.urgent], [true, true]);
        assert.deepEqual(waiting?.spoken, { upTo: 0, at: 7 });
      }
      assert.deepEqual(world.owed, [["phone", "address"], ["phone", "address"]]);
    },
  ),
  ...withRestarts(
    "Outbox.list() names whom a push may be owed, page by page, and nobody else",
    async (world, restart) => {
      await world.users("ann", "bob", "carol", "dave", "eve");
      for (const user of ["ann", "bob", "carol", "dave"]) {
        const provider = user === "bob" ? "web" : "fcm";
        const push: PushAddress = { ...PUSH, token: user, provider };
        await world.device(user, "phone", user === "carol" ? {} : { push });
        await world.attach(user, "phone");
        world.mailboxes.detach(user, "phone", 0);
      }
      await world.users("alice");
      for (const to of ["ann", "bob", "carol", "dave", "eve"]) await world.send({ to });
      await world.settleAll();
      await restart();
      assert.deepEqual(await listed(world, 1), ["ann fcm", "bob web", "dave fcm"]);
      const { upTo } = await world.store.outbox.look("bob", "phone") ?? { upTo: 0 };
      await world.store.outbox.spoke("bob", "phone", { upTo, at: 1 });
      await world.store.users.remove("ann");
      await world.settleAll();
      await restart();
      assert.deepEqual(await listed(world, 2), ["dave fcm"]);
    },
  ),
  {
    // A second-hand phone must not be woken for the one who had it before (I10).
    name: "Outbox.look() answers nothing of a device whose address is gone, or which is",
    async run(world) {
      await sleeping(world, [{}]);
      await world.users("carol");
      assert.ok(await look(world));
      await world.device("carol", "phone", { push: PUSH });
      assert.equal(await look(world), null);
      await world.device("bob", "phone", { push: { ...PUSH, token: "other" } });
      assert.ok(await look(world));
      await world.store.devices.change("bob", "phone", 9, (known) => {
        assert.ok(known);
        const { push: _push, ...rest } = known;
        return rest;
      });
      assert.equal(await look(world), null);
      await world.device("bob", "phone", { push: PUSH });
      await world.store.devices.remove("bob", "phone");
      assert.equal(await look(world), null);
      assert.equal(await world.store.outbox.look("nobody", "phone"), null);
    },
  },
  {
    // It signed in with a request, and never had a connection.
    name: "Outbox.look() knows a device from the moment on at which its address was registered",
    async run(world) {
      await world.users("alice", "bob");
      await world.attach("bob", "web");
      await world.device("bob", "phone", { push: PUSH });
      const sent = await world.send();
      assert.deepEqual(world.owed, [["phone", "message"]]);
      assert.equal((await look(world))?.newest, sent.id);
      assert.deepEqual(await world.ids("bob", "phone"), [sent.id]);
    },
  },
  {
    name: "Outbox.look() is right whatever came before",
    async run(world) {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
          await using another = await world.another();
          await sleeping(another, []);
          const model = new OutboxModel(another);
          for (const one of steps) await model.take(one);
        }),
        { numRuns: 25, endOnFailure: true },
      );
    },
  },
];

/** All whom a push may be owed, in pages of so many users. */
async function listed(world: World, limit: number): Promise<string[]> {
  const found: string[] = [];
  let after: string | null = "";
  while (after !== null) {
    const page: Awaited<ReturnType<typeof world.store.outbox.list>> = await world.store.outbox.list(
      after,
      limit,
    );
    found.push(...page.sleepers.map(({ user, provider }) => `${user} ${provider}`));
    after = page.next;
  }
  return found;
}
