/**
 * The {@linkcode Devices} of a shared database. Every change checks the head of the user's mailbox,
 * and so that there is such a user.
 *
 * @module
 */
import { isSamePush } from "../../directory.ts";
import type { Device, DeviceChange, DevicePage, Devices, Sleeper } from "../../store.ts";
import { deviceKey } from "../keys.ts";
import { assertSameDevice, listDevices, listUnseen } from "../people_rows.ts";
import { freeWrites, takePush } from "../push_index.ts";
import { jsonValue, parseJson } from "../values.ts";
import { type Head, sleeperOf } from "./head.ts";
import type { Mailroom } from "./mailroom.ts";
import type { Transaction } from "./transaction.ts";

/** What a change came to, and who is owed a push by it. */
interface Changed {
  readonly change: DeviceChange;
  readonly sleeper?: Sleeper | null;
}

/** All devices of a shared database. */
export class SharedDevices implements Devices {
  readonly #room: Mailroom;

  /** Works on what the parts of the store share. */
  constructor(room: Mailroom) {
    this.#room = room;
  }

  list(user: string): Promise<readonly Device[]> {
    return listDevices(this.#room.database, user);
  }

  async get(user: string, id: string): Promise<Device | null> {
    const [row] = await this.#room.database.read([deviceKey(user, id)]);
    return row ? parseJson<Device>(row.value) : null;
  }

  async change(
    user: string,
    id: string,
    max: number,
    change: (known: Device | null) => Device | null,
  ): Promise<DeviceChange> {
    const changed = await this.#room.change([user], async (transaction): Promise<Changed> => {
      const head = await transaction.head(user);
      if (head === null) return { change: { kind: "unknown" } };
      const key = deviceKey(user, id);
      const [row] = await transaction.read([key]);
      const known = row ? parseJson<Device>(row.value) : null;
      const device = change(known);
      if (device === null) return { change: { kind: "unchanged" } };
      assertSameDevice(device, user, id);
      if (known === null) {
        if ((await this.list(user)).length >= max) return { change: { kind: "full" } };
        // Of two new devices at once, one has to see the other.
        transaction.change(head);
      }
      await transaction.write([{ key, value: jsonValue(device) }]);
      const sleeper = await movePush(transaction, head, known, device);
      return { change: { kind: "changed", device }, sleeper };
    });
    if (changed.sleeper) this.#room.listener?.owed?.(changed.sleeper, "address");
    return changed.change;
  }

  remove(user: string, device: string): Promise<Device | null> {
    return this.#room.change([user], async (transaction) => {
      const key = deviceKey(user, device);
      const head = await transaction.head(user);
      if (head?.forget(device) === true) transaction.change(head);
      const [row] = await transaction.read([key]);
      if (!row) return null;
      const removed = parseJson<Device>(row.value);
      const freed = await freeWrites(transaction, [removed]);
      await transaction.write([...freed, { key, value: null }]);
      return removed;
    });
  }

  unseen(before: number, after: DevicePage["next"], limit: number): Promise<DevicePage> {
    return listUnseen(this.#room.database, before, after, limit);
  }
}

/** Lets the indexes and the mailboxes know where a device is reached. @returns who is owed a push */
async function movePush(
  transaction: Transaction,
  head: Head,
  known: Device | null,
  device: Device,
): Promise<Sleeper | null> {
  const { push } = device;
  const isMoved = !isSamePush(push, known?.push);
  if (isMoved) {
    if (known !== null) await transaction.write(await freeWrites(transaction, [known]));
    const taking = push ? await takePush(transaction, push, device) : null;
    await transaction.write(taking?.writes ?? []);
    const loser = taking?.loser;
    const losing = loser ? await transaction.head(loser.user) : null;
    losing?.setReach(loser?.id ?? "", null);
    if (losing) transaction.change(losing);
  }
  if (!push && !known?.push) return null;
  const isOwed = head.setReach(device.id, push?.provider ?? null, isMoved);
  transaction.change(head);
  const cursor = head.cursors.get(device.id);
  return isOwed && cursor ? sleeperOf(head.user, cursor) : null;
}
