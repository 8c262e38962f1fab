/**
 * The {@linkcode Devices} of the embedded store.
 *
 * @module
 */
import type { Device, Devices } from "../store.ts";
import { deviceKey, devicesRange, userKey } from "./keys.ts";
import type { KvMailboxes } from "./kv_mailboxes.ts";
import { Lane } from "./lane.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { jsonValue, parseJson } from "./values.ts";

/** More devices than any user may have: a list of them is read at once. */
const DEVICES_READ_MAX = 1000;

/** All devices of the embedded store. */
export class KvDevices implements Devices {
  readonly #database: OwnedDatabase;
  readonly #mailboxes: KvMailboxes;
  /** Counting devices and adding one must not be parted by another's adding. */
  readonly #lane = new Lane();

  constructor(database: OwnedDatabase, mailboxes: KvMailboxes) {
    this.#database = database;
    this.#mailboxes = mailboxes;
  }

  async list(user: string): Promise<readonly Device[]> {
    const rows = await this.#database.list(devicesRange(user), DEVICES_READ_MAX);
    return rows.map(({ value }) => parseJson<Device>(value));
  }

  async put(device: Device, max: number): Promise<boolean> {
    const key = deviceKey(device.user, device.id);
    const write = { key, value: jsonValue(device) };
    const [user, known] = await this.#database.read([userKey(device.user), key]);
    if (!user) return false;
    // The user may be removed meanwhile: then nothing may be left behind.
    const check = { key: userKey(device.user), version: user.version };
    if (known) return await this.#database.writeIf(check, [write]);
    return await this.#lane.run(async () => {
      const devices = await this.list(device.user);
      const isNew = devices.every(({ id }) => id !== device.id);
      if (isNew && devices.length >= max) return false;
      return await this.#database.writeIf(check, [write]);
    });
  }

  async remove(user: string, device: string): Promise<boolean> {
    const key = deviceKey(user, device);
    const [row] = await this.#database.read([key]);
    await this.#mailboxes.forget(user, device);
    if (!row) return false;
    await this.#database.write([{ key, value: null }]);
    return true;
  }
}
