/**
 * The {@linkcode Devices} of the embedded store.
 *
 * @module
 */
import type { Device, Devices } from "../store.ts";
import { deviceKey, devicesRange, userKey } from "./keys.ts";
import type { KvMailboxes } from "./kv_mailboxes.ts";
import type { Lanes } from "./lane.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { jsonValue, parseJson } from "./values.ts";

/** More devices than any user may have: a list of them is read at once. */
const DEVICES_READ_MAX = 1000;

/** All devices of the embedded store. What changes one of them goes with the next group commit. */
export class KvDevices implements Devices {
  readonly #database: OwnedDatabase;
  readonly #mailboxes: KvMailboxes;
  readonly #lanes: Lanes;

  /** @param lanes by user, shared with whatever else changes a user */
  constructor(database: OwnedDatabase, mailboxes: KvMailboxes, lanes: Lanes) {
    this.#database = database;
    this.#mailboxes = mailboxes;
    this.#lanes = lanes;
  }

  async list(user: string): Promise<readonly Device[]> {
    const rows = await this.#database.list(devicesRange(user), DEVICES_READ_MAX);
    return rows.map(({ value }) => parseJson<Device>(value));
  }

  put(device: Device, max: number): Promise<boolean> {
    return this.#lanes.run(device.user, async () => {
      const key = deviceKey(device.user, device.id);
      const [user, known] = await this.#database.read([userKey(device.user), key]);
      if (!user) return false;
      if (!known && (await this.list(device.user)).length >= max) return false;
      await this.#mailboxes.write([{ key, value: jsonValue(device) }]);
      return true;
    });
  }

  remove(user: string, device: string): Promise<boolean> {
    return this.#lanes.run(user, async () => {
      const key = deviceKey(user, device);
      const [row] = await this.#database.read([key]);
      await this.#mailboxes.forget(user, device);
      if (!row) return false;
      await this.#mailboxes.write([{ key, value: null }]);
      return true;
    });
  }
}
