/**
 * The devices of the memory store.
 *
 * @module
 */
import type { Device, Devices } from "../store.ts";
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

  /** See {@linkcode Devices.put}. */
  async put(device: Device, max: number): Promise<boolean> {
    await this.#state.turn();
    const devices = this.#state.accounts.get(device.user)?.devices;
    if (devices === undefined) return false;
    if (!devices.has(device.id) && devices.size >= max) return false;
    devices.set(device.id, { ...device });
    return true;
  }

  /** See {@linkcode Devices.remove}. */
  async remove(user: string, device: string): Promise<boolean> {
    await this.#state.turn();
    const account = this.#state.accounts.get(user);
    account?.mailbox.forget(device);
    return account?.devices.delete(device) ?? false;
  }
}
