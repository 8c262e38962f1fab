/**
 * The contract of `Devices`, but for their push addresses.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device, DeviceChange, DevicePage } from "../store.ts";
import type { ContractTest, World } from "./world.ts";

/** Tests of the devices of users. */
export const devicesTests: readonly ContractTest[] = [
  {
    name: "Devices.change() keeps what is known of a device, listed in order of code points",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      const ids = ["a", "ab", "b", "я", "\uFF5E", "\u{1F600}"];
      const all = ids.map((id, seen): Device => ({ user: "bob", id, seen, ...EVERYTHING }));
      for (const device of all.toReversed()) {
        const result = await devices.change("bob", device.id, 10, () => device);
        assert.deepEqual(result, { kind: "changed", device });
      }
      await world.device("carol", "a", { seen: 9 });
      assert.deepEqual(await devices.list("bob"), all);
      assert.deepEqual(await devices.list("carol"), [{ user: "carol", id: "a", seen: 9 }]);
      assert.deepEqual(await devices.list("nobody"), []);
    },
  },
  {
    name: "Devices.get() finds one device, however many are asked for at once",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      const ids = Array.from({ length: 25 }, (_, index) => `d${index}`);
      for (const id of ids) await world.device("bob", id, { seen: 1, ...EVERYTHING });
      const found = await Promise.all(ids.map((id) => devices.get("bob", id)));
      assert.deepEqual(found.map((device) => device?.id), ids);
      assert.deepEqual(found[7], { user: "bob", id: "d7", seen: 1, ...EVERYTHING });
      assert.equal(await devices.get("carol", "d7"), null);
      assert.equal(await devices.get("nobody", "d7"), null);
      await devices.remove("bob", "d7");
      assert.equal(await devices.get("bob", "d7"), null);
    },
  },
  {
    // A refresh token counts once: of two devices that bring the same, one must see the other.
    name: "Devices.change() sees what the change before it answered, however many come at once",
    async run(world) {
      await world.users("bob");
      await world.device("bob", "phone", {
        session: { id: "s", began: 1, generation: 0, expires: 9 },
      });
      const results = await Promise.all(
        Array.from({ length: 16 }, () => renew(world, "bob", "phone")),
      );
      const generations = results.map((result) =>
        result.kind === "changed" ? result.device.session?.generation : undefined
      );
      assert.deepEqual(generations.toSorted((a = 0, b = 0) => a - b), COUNTED);
      const [phone] = await world.store.devices.list("bob");
      assert.equal(phone?.session?.generation, 16);
    },
  },
  {
    name: "Devices.change() leaves a device of which nothing is wanted",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob");
      const phone = await world.device("bob", "phone", EVERYTHING);
      const given: (Device | null)[] = [];
      for (const id of ["phone", "web"]) {
        const result = await devices.change("bob", id, 10, (known) => {
          given.push(known);
          return null;
        });
        assert.deepEqual(result, { kind: "unchanged" });
      }
      assert.deepEqual(given, [phone, null]);
      assert.deepEqual(await devices.list("bob"), [phone]);
    },
  },
  {
    // A change that went to another device would get around its own limit and its own lock.
    name: "Devices.change() refuses an answer that is another device, or none at all",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      const phone = await world.device("bob", "phone");
      const answers: (() => Device)[] = [
        () => ({ ...phone, id: "web" }),
        () => ({ ...phone, user: "carol" }),
      ];
      for (const answer of answers) {
        await assert.rejects(devices.change("bob", "phone", 10, answer), TypeError);
      }
      const broken = new Error("Broken");
      const fail = (): never => {
        throw broken;
      };
      await assert.rejects(devices.change("bob", "phone", 10, fail), broken);
      assert.deepEqual(await devices.list("bob"), [phone]);
      assert.deepEqual(await devices.list("carol"), []);
      await world.device("bob", "phone", { name: "still works" });
    },
  },
  {
    // Each device holds messages back: their number is bounded (I7), changing one is not adding.
    name: "Devices.change() adds up to a number, and changes at it and past it",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob");
      const put = async (id: string, seen: number, max: number) => {
        const device: Device = { user: "bob", id, seen };
        return (await devices.change("bob", id, max, () => device)).kind;
      };
      assert.equal(await put("a", 1, 2), "changed");
      assert.equal(await put("b", 1, 2), "changed");
      assert.equal(await put("c", 1, 2), "full");
      assert.equal(await put("b", 2, 2), "changed");
      assert.deepEqual((await devices.list("bob")).map(({ id, seen }) => [id, seen]), [
        ["a", 1],
        ["b", 2],
      ]);
      assert.equal(await put("a", 3, 1), "changed");
      assert.ok(await devices.remove("bob", "a"));
      assert.equal(await put("c", 4, 2), "changed");
      assert.deepEqual((await devices.list("bob")).map(({ id }) => id), ["b", "c"]);
    },
  },
  {
    // Ten tabs that sign in at once are ten devices that count each other.
    name: "Devices.change() adds no more than allowed when many come at once",
    async run(world) {
      await world.users("bob");
      const results = await Promise.all(
        Array.from({ length: 12 }, (_, index) => {
          const device: Device = { user: "bob", id: `d${index}`, seen: 1 };
          return world.store.devices.change("bob", device.id, 5, () => device);
        }),
      );
      assert.equal(results.filter(({ kind }) => kind === "changed").length, 5);
      assert.equal(results.filter(({ kind }) => kind === "full").length, 7);
      assert.equal((await world.store.devices.list("bob")).length, 5);
    },
  },
  {
    name: "Devices.change() refuses a device of nobody, and one of somebody who was removed",
    async run(world) {
      const { devices, users } = world.store;
      await world.users("gone");
      await world.device("gone", "phone");
      await users.remove("gone");
      for (const user of ["nobody", "gone"]) {
        const device: Device = { user, id: "phone", seen: 1, ...EVERYTHING };
        const result = await devices.change(user, "phone", 10, () => device);
        assert.deepEqual(result, { kind: "unknown" });
        assert.deepEqual(await devices.list(user), []);
      }
      assert.deepEqual((await devices.unseen(Infinity, null, 10)).devices, []);
    },
  },
  {
    // A device that was given up must not fill its user's mailbox.
    name: "Devices.remove() removes the device and its cursor",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob");
      for (const id of ["phone", "web"]) {
        await world.device("bob", id);
        await world.attach("bob", id);
      }
      const sent = await world.send();
      world.mailboxes.acknowledge("bob", "web", sent.position);
      assert.equal((await world.waiting("bob")).messages, 1);
      assert.ok(await devices.remove("bob", "phone"));
      assert.equal(await devices.remove("bob", "phone"), null);
      assert.equal(await devices.remove("nobody", "phone"), null);
      assert.deepEqual((await devices.list("bob")).map((device) => device.id), ["web"]);
      const state = await world.mailboxes.inspect("bob");
      assert.deepEqual([...(state?.cursors.keys() ?? [])], ["web"]);
      assert.equal(state?.messages, 0);
    },
  },
  {
    // What nobody has used for months holds messages back: all of it is looked through in time.
    name: "Devices.unseen() pages through all devices, and answers those not seen since",
    async run(world) {
      const { devices } = world.store;
      const users = ["a", "ab", "b", "\uFF5E", "\u{1F600}"];
      await world.users(...users.toReversed(), "without");
      const all: Device[] = [];
      for (const user of users) {
        for (const id of ["a", "z", "\uFF5E", "\u{1F600}"]) {
          all.push(await world.device(user, id, { seen: all.length, ...EVERYTHING }));
        }
      }
      for (const limit of [1, 3, 4, 20, 21, 1000]) {
        assert.deepEqual(await lookThrough(world, Infinity, limit), all);
        assert.deepEqual(await lookThrough(world, 7, limit), all.slice(0, 7));
        assert.deepEqual(await lookThrough(world, 0, limit), []);
      }
      const page = await devices.unseen(0, null, 4);
      assert.deepEqual(page, { devices: [], next: { user: "a", id: "\u{1F600}" } });
      const behind = { user: "a", id: "zz" };
      assert.deepEqual(await devices.unseen(Infinity, behind, 1), {
        devices: [all[2]],
        next: { user: "a", id: "\uFF5E" },
      });
    },
  },
  {
    // They are dropped while they are looked for: none may be skipped for that.
    name: "Devices.unseen() goes on where it ended though the device there was removed",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      const all: Device[] = [];
      for (const user of ["bob", "carol"]) {
        for (const id of ["a", "b", "c"]) all.push(await world.device(user, id));
      }
      const found: Device[] = [];
      let after: DevicePage["next"] = null;
      do {
        const page: DevicePage = await devices.unseen(Infinity, after, 2);
        found.push(...page.devices);
        for (const { user, id } of page.devices) await devices.remove(user, id);
        after = page.next;
      } while (after !== null);
      assert.deepEqual(found, all);
      assert.deepEqual(await devices.unseen(Infinity, null, 2), { devices: [], next: null });
    },
  },
];

/** All that may be known of a device beside its name. */
const EVERYTHING: Partial<Device> = {
  platform: "web",
  name: "Bób's phone",
  session: { id: "s1", began: 1, generation: 3, expires: 4 },
};

/** What sixteen that count from 0 come to. */
const COUNTED = Array.from({ length: 16 }, (_, index) => index + 1);

/** Counts the session of a device on. */
function renew(world: World, user: string, id: string): Promise<DeviceChange> {
  return world.store.devices.change(user, id, 10, (known) => {
    if (known?.session === undefined) return null;
    const { generation } = known.session;
    return { ...known, session: { ...known.session, generation: generation + 1 } };
  });
}

/** All pages of the devices that were not seen since a time. */
async function lookThrough(world: World, before: number, limit: number): Promise<Device[]> {
  const found: Device[] = [];
  let after: DevicePage["next"] = null;
  for (let pages = 0; pages < 100; pages++) {
    const page: DevicePage = await world.store.devices.unseen(before, after, limit);
    assert.ok(page.devices.length <= limit);
    found.push(...page.devices);
    if (page.next === null) return found;
    after = page.next;
  }
  throw new Error("Cannot look through the devices: they do not end");
}
