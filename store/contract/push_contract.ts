/**
 * The contract of push addresses: each belongs to one device, whoever registered it.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device, PushAddress } from "../store.ts";
import { type ContractTest, withRestarts, type World } from "./world.ts";

/** Tests of who has a push address. */
export const pushTests: readonly ContractTest[] = [
  ...withRestarts(
    "Devices.change() keeps a push address with all that is known of it",
    async (world, restart) => {
      await world.users("bob");
      const pushes: PushAddress[] = [
        pushOf("fcm", "1"),
        { ...pushOf("apns", "2"), topic: "org.x.app" },
        { ...pushOf("web", LONG), keys: { p256dh: "p", auth: "a" } },
      ];
      const all: Device[] = [];
      for (const push of pushes) all.push(await world.device("bob", push.provider, { push }));
      await restart();
      const byId = all.toSorted((a, b) => a.id < b.id ? -1 : 1);
      assert.deepEqual(await world.store.devices.list("bob"), byId);
    },
  ),
  {
    // Who gets a phone second hand, or signs in as another on it, must not be shown what is sent to
    // the one before (I10).
    name: "Devices.change() takes a push address from the device that had it, in one step",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      const known = {
        platform: "ios",
        name: "N",
        session: { id: "s", began: 1, generation: 1, expires: 2 },
      };
      for (const [user, id] of [["bob", "web"], ["carol", "phone"]] as const) {
        const phone = await world.device("bob", "phone", { ...known, push: pushOf("fcm", LONG) });
        assert.deepEqual(await ownersOf(world, "fcm", LONG), ["bob phone"]);
        const { push: _taken, ...rest } = phone;
        // Other keys, another time: it is the same address.
        await world.device(user, id, { push: { ...pushOf("fcm", LONG), registered: 9 } });
        assert.deepEqual(await ownersOf(world, "fcm", LONG), [`${user} ${id}`]);
        const found = (await devices.list("bob")).find((device) => device.id === "phone");
        assert.deepEqual(found, rest);
      }
    },
  },
  {
    name: "Devices.change() keeps apart the addresses of different providers, and different tokens",
    async run(world) {
      await world.users("bob");
      const addresses = [
        pushOf("fcm", "t"),
        pushOf("apns", "t"),
        pushOf("web", "t"),
        pushOf("fcm", "T"),
        pushOf("fcm", "t "),
        pushOf("web", LONG),
        pushOf("web", `${LONG}.`),
      ];
      for (const [index, push] of addresses.entries()) {
        await world.device("bob", `d${index}`, { push });
      }
      for (const [index, { provider, token }] of addresses.entries()) {
        assert.deepEqual(await ownersOf(world, provider, token), [`bob d${index}`]);
      }
    },
  },
  {
    // An address that was given up must come to life again wherever it is registered next.
    name: "Devices.change() frees the address that was there before, and one that is taken off",
    async run(world) {
      await world.users("bob", "carol");
      await world.device("bob", "phone", { push: pushOf("fcm", "old") });
      await world.device("bob", "phone", { push: pushOf("fcm", "new") });
      await world.device("carol", "phone", { push: pushOf("fcm", "old") });
      assert.deepEqual(await ownersOf(world, "fcm", "old"), ["carol phone"]);
      assert.deepEqual(await ownersOf(world, "fcm", "new"), ["bob phone"]);
      await world.store.devices.change("bob", "phone", 10, (known) => {
        assert.ok(known);
        const { push: _off, ...rest } = known;
        return rest;
      });
      assert.deepEqual(await ownersOf(world, "fcm", "new"), []);
      await world.device("carol", "web", { push: pushOf("fcm", "new") });
      // The device that had it is changed, and must not take it back.
      await world.device("bob", "phone", { name: "N" });
      assert.deepEqual(await ownersOf(world, "fcm", "new"), ["carol web"]);
    },
  },
  {
    name: "Devices.change() keeps the address of a device that registers it once more",
    async run(world) {
      await world.users("bob");
      for (const registered of [1, 2, 3]) {
        await world.device("bob", "phone", { push: { ...pushOf("fcm", "t"), registered } });
      }
      const [phone] = await world.store.devices.list("bob");
      assert.equal(phone?.push?.registered, 3);
      await world.device("bob", "web", { push: pushOf("fcm", "t") });
      assert.deepEqual(await ownersOf(world, "fcm", "t"), ["bob web"]);
    },
  },
  {
    name: "Devices.change() that is refused leaves the address where it was",
    async run(world) {
      const { devices } = world.store;
      await world.users("bob", "carol");
      await world.device("bob", "phone", { push: pushOf("fcm", "t") });
      await world.device("carol", "web");
      const wish: Device = { user: "carol", id: "phone", seen: 1, push: pushOf("fcm", "t") };
      const change = (device: Device, max: number) =>
        devices.change(device.user, device.id, max, () => device);
      assert.deepEqual(await change(wish, 1), { kind: "full" });
      assert.deepEqual(await change({ ...wish, user: "nobody" }, 9), { kind: "unknown" });
      await assert.rejects(devices.change("carol", "x", 9, () => wish), TypeError);
      assert.deepEqual(await ownersOf(world, "fcm", "t"), ["bob phone"]);
    },
  },
  {
    // All of them believe to be the last: one is right, and the others have nothing.
    name: "Devices.change() gives an address to one of many that register it at once",
    async run(world) {
      const users = ["a", "b", "c", "d"];
      await world.users(...users);
      for (let round = 0; round < 5; round++) {
        await Promise.all(
          users.flatMap((user) =>
            ["phone", "web"].map((id) => world.device(user, id, { push: pushOf("fcm", "t") }))
          ),
        );
        assert.equal((await ownersOf(world, "fcm", "t")).length, 1);
      }
    },
  },
  {
    // Two who swap at once each take what the other has: neither may wait for the other for ever.
    name: "Devices.change() lets two devices of two users swap their addresses at once",
    async run(world) {
      await world.users("a", "b");
      for (let round = 0; round < 10; round++) {
        const [one, other] = round % 2 === 0 ? ["1", "2"] : ["2", "1"];
        await Promise.all([
          world.device("a", "phone", { push: pushOf("fcm", `${one}`) }),
          world.device("b", "phone", { push: pushOf("fcm", `${other}`) }),
        ]);
        const found = [...await ownersOf(world, "fcm", "1"), ...await ownersOf(world, "fcm", "2")];
        assert.equal(new Set(found).size, found.length);
      }
    },
  },
  ...withRestarts(
    "Devices.remove() and Users.remove() free the addresses of what they remove",
    async (world, restart) => {
      const { devices, users } = world.store;
      await world.users("bob", "carol", "dave");
      await world.device("bob", "phone", { push: pushOf("fcm", "1") });
      await world.device("carol", "phone", { push: pushOf("fcm", "2") });
      await world.device("carol", "web", { push: pushOf("web", LONG) });
      assert.ok(await devices.remove("bob", "phone"));
      assert.equal(await users.remove("carol"), true);
      const freed = [["fcm", "1"], ["fcm", "2"], ["web", LONG]] as const;
      for (const [index, [provider, token]] of freed.entries()) {
        assert.deepEqual(await ownersOf(world, provider, token), []);
        await world.device("dave", `d${index}`, { push: pushOf(provider, token) });
      }
      // Those who had them come back with the same names, and with nothing.
      await world.users("carol");
      await world.device("carol", "phone");
      await world.device("bob", "phone");
      await restart();
      await world.device("dave", "other", { push: pushOf("fcm", "2") });
      assert.deepEqual(await ownersOf(world, "fcm", "1"), ["dave d0"]);
      assert.deepEqual(await ownersOf(world, "fcm", "2"), ["dave other"]);
      assert.deepEqual(await ownersOf(world, "web", LONG), ["dave d2"]);
    },
  ),
];

/** A token as long as the endpoint of a subscription may be: longer than a key of a database. */
const LONG = "https://push.example/".padEnd(3000, "x");

function pushOf(provider: PushAddress["provider"], token: string): PushAddress {
  return { provider, token, registered: 1 };
}

/** The devices that have an address. */
async function ownersOf(
  world: World,
  provider: PushAddress["provider"],
  token: string,
): Promise<string[]> {
  const { devices } = await world.store.devices.unseen(Infinity, null, 1000);
  return devices.filter(({ push }) => push?.provider === provider && push.token === token)
    .map(({ user, id }) => `${user} ${id}`);
}
