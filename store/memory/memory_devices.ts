/**
 * The devices of the memory store.
 *
 * @module
 */
import { isSamePush } from "../directory.ts";
import type { Device, DeviceChange, DevicePage, Devices, PushAddress } from "../store.ts";
import { byCodePoint } from "./code_point_order.ts";
import type { MemoryState } from "./memory_state.ts";

/** The devices of all users of one memory store. */
export class MemoryDevices implements Devices {
  readonly #state: MemoryState;

  /** @param state shared with the other parts of the store */
  constructor(state: MemoryState) {
    this.#state = state;
  }

  /** See {@linkcode Devices.list}. */
  async list(user: string): Promise<readonly Device[]> {
    await this.#state.turn();
    const devices = this.#state.accounts.get(user)?.devices.values() ?? [];
    return [...devices].sort((a, b) => byCodePoint(a.id, b.id));
  }

  /** See {@linkcode Devices.get}. */
  async get(user: string, id: string): Promise<Device | null> {
    await this.#state.turn();
    return this.#state.accounts.get(user)?.devices.get(id) ?? null;
  }

  /** See {@linkcode Devices.change}. */
  async change(
    user: string,
    id: string,
    max: number,
    change: (known: Device | null) => Device | null,
  ): Promise<DeviceChange> {
    await this.#state.turn();
    const account = this.#state.accounts.get(user);
    if (account === undefined) return { kind: "unknown" };
    const { devices, mailbox } = account;
    const known = devices.get(id) ?? null;
    const device = change(known);
    if (device === null) return { kind: "unchanged" };
    if (device.user !== user || device.id !== id) {
      throw new TypeError("Cannot change the device: the change answers another one");
    }
    if (known === null && devices.size >= max) return { kind: "full" };
    if (device.push !== undefined) this.#takePush(device.push, device);
    devices.set(id, { ...device });
    const isNew = device.push !== undefined && !isSamePush(device.push, known?.push);
    mailbox.setReach(id, device.push?.provider ?? null, { now: this.#state.now(), isNew });
    if (isNew) {
      const sleeper = mailbox.sleepers().find((one) => one.device === id);
      if (sleeper !== undefined) this.#state.listener?.owed?.(sleeper, "address");
    }
    return { kind: "changed", device };
  }

  /** See {@linkcode Devices.remove}. */
  async remove(user: string, device: string): Promise<Device | null> {
    await this.#state.turn();
    const account = this.#state.accounts.get(user);
    account?.mailbox.forget(device);
    const removed = account?.devices.get(device) ?? null;
    account?.devices.delete(device);
    return removed;
  }

  /** See {@linkcode Devices.unseen}. */
  async unseen(before: number, after: DevicePage["next"], limit: number): Promise<DevicePage> {
    await this.#state.turn();
    const all = [...this.#state.accounts.values()].flatMap(({ devices }) => [...devices.values()])
      .filter((device) => after === null || byName(device, after) > 0).sort(byName);
    const devices = all.slice(0, limit);
    const last = all.length > limit ? devices.at(-1) : undefined;
    return {
      devices: devices.filter(({ seen }) => seen < before),
      next: last === undefined ? null : { user: last.user, id: last.id },
    };
  }

  /** Takes a push address from whichever other device has it. */
  #takePush(push: PushAddress, taker: DeviceName): void {
    for (const { devices, mailbox } of this.#state.accounts.values()) {
      for (const [id, device] of devices) {
        if (!isSamePush(push, device.push) || byName(device, taker) === 0) continue;
        const { push: _push, ...rest } = device;
        devices.set(id, rest);
        mailbox.setReach(id, null, { now: this.#state.now() });
      }
    }
  }
}

type DeviceName = Pick<Device, "user" | "id">;

function byName(a: DeviceName, b: DeviceName): number {
  return byCodePoint(a.user, b.user) || byCodePoint(a.id, b.id);
}
