import assert from "node:assert/strict";
import type { Device, DeviceChange, PushAddress } from "../../store/mod.ts";
import { forgetAddress } from "./forget_address.ts";

const ADDRESS: PushAddress = { provider: "fcm", token: "t", registered: 1000 };

/** What becomes of a device with an address when the service of ADDRESS says that it is dead. */
async function forget(push: PushAddress | undefined, since?: number) {
  const known: Device = { user: "bob", id: "phone", name: "Bob's", seen: 1, ...push && { push } };
  const writes: (Device | null)[] = [];
  const devices = {
    change(
      _user: string,
      _id: string,
      _max: number,
      change: (known: Device | null) => Device | null,
    ): Promise<DeviceChange> {
      const device = change(known);
      if (device === null) return Promise.resolve({ kind: "unchanged" });
      writes.push(device);
      return Promise.resolve({ kind: "changed", device });
    },
  };
  const dead = { user: "bob", device: "phone", address: ADDRESS, since };
  return { result: await forgetAddress(devices, dead), writes };
}

Deno.test("forgetAddress() forgets the address that was sent to, and nothing else of the device", async () => {
  for (const since of [undefined, 1000, 2000]) {
    const { result, writes } = await forget(ADDRESS, since);
    assert.equal(result, "forgotten");
    assert.deepEqual(writes, [{ user: "bob", id: "phone", name: "Bob's", seen: 1 }]);
  }
});

Deno.test("forgetAddress() keeps an address that was registered since it ended", async () => {
  assert.deepEqual(await forget(ADDRESS, 999), { result: "renewed", writes: [] });
});

Deno.test("forgetAddress() keeps another address, and the same registered again", async () => {
  const others: readonly (PushAddress | undefined)[] = [
    { ...ADDRESS, provider: "web" },
    { ...ADDRESS, token: "u" },
    { ...ADDRESS, registered: 1001 },
    undefined,
  ];
  for (const push of others) {
    assert.deepEqual(await forget(push, 5000), { result: "replaced", writes: [] });
  }
});
