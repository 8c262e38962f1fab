/**
 * The {@linkcode Devices} of the embedded store.
 *
 * @module
 */
import { isSamePush } from "../directory.ts";
import type { Device, DeviceChange, DevicePage, Devices, PushAddress } from "../store.ts";
import type { Write } from "./database.ts";
import { deviceKey, pushKey, userKey } from "./keys.ts";
import { assertSameDevice, listDevices, listUnseen } from "./people_rows.ts";
import { GatheredReads } from "./gathered_reads.ts";
import type { KvMailboxes } from "./kv_mailboxes.ts";
import { Lanes } from "./lane.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { freeWrites, pushOwner, takePush } from "./push_index.ts";
import { jsonValue, parseJson } from "./values.ts";

/** What {@linkcode Devices.change} is asked for. */
interface Wish {
  readonly user: string;
  readonly id: string;
  readonly max: number;
  readonly change: (known: Device | null) => Device | null;
}

/** The device is to have a push address whose lane is not held. */
interface PushWanted {
  readonly kind: "push";
  readonly push: PushAddress;
}

/**
 * All devices of the embedded store. What changes one of them goes with the next group commit.
 *
 * Whoever writes the row of a device holds the lane of its user. Whoever gives a push address to a
 * device holds the lane of that address too, and takes it first: then the device that has it can
 * lose it, but no other can get it, so that the users whose lanes are needed are known. Nobody holds
 * two addresses or takes one while holding a user, and users are taken in order: none of those that
 * wait for one another can wait in a circle.
 */
export class KvDevices implements Devices {
  readonly #database: OwnedDatabase;
  readonly #reads: GatheredReads;
  readonly #mailboxes: KvMailboxes;
  readonly #lanes: Lanes;
  /** By push address. */
  readonly #pushLanes = new Lanes();

  /** @param lanes by user, shared with whatever else changes a user */
  constructor(database: OwnedDatabase, mailboxes: KvMailboxes, lanes: Lanes) {
    this.#database = database;
    this.#reads = new GatheredReads(database);
    this.#mailboxes = mailboxes;
    this.#lanes = lanes;
  }

  list(user: string): Promise<readonly Device[]> {
    return listDevices(this.#database, user);
  }

  async get(user: string, id: string): Promise<Device | null> {
    const row = await this.#reads.get(deviceKey(user, id));
    return row === null ? null : parseJson<Device>(row.value);
  }

  async change(
    user: string,
    id: string,
    max: number,
    change: (known: Device | null) => Device | null,
  ): Promise<DeviceChange> {
    const wish: Wish = { user, id, max, change };
    let result = await this.#lanes.run(user, () => this.#try(wish, null));
    // Where it wants another address the next time, somebody has changed the device meanwhile: of
    // all who try, one has got on.
    while (result.kind === "push") result = await this.#changeWithPush(wish, result.push);
    return result;
  }

  remove(user: string, device: string): Promise<Device | null> {
    return this.#lanes.run(user, async () => {
      const key = deviceKey(user, device);
      const [row] = await this.#database.read([key]);
      await this.#mailboxes.forget(user, device);
      if (!row) return null;
      const removed = parseJson<Device>(row.value);
      const freed = await freeWrites(this.#database, [removed]);
      await this.#mailboxes.write([...freed, { key, value: null }]);
      return removed;
    });
  }

  unseen(before: number, after: DevicePage["next"], limit: number): Promise<DevicePage> {
    return listUnseen(this.#database, before, after, limit);
  }

  /** Changes a device that is to have a push address, holding all that this takes. */
  #changeWithPush(wish: Wish, push: PushAddress): Promise<DeviceChange | PushWanted> {
    return this.#pushLanes.run(pushKey(push).join("\n"), async () => {
      const owner = await pushOwner(this.#database, push);
      const users = owner === null ? [wish.user] : [wish.user, owner.user];
      return await this.#lanes.runAll(users, () => this.#try(wish, push));
    });
  }

  /** Changes a device whose user's lane is held. @param held the push address that is held too */
  async #try(wish: Wish, held: PushAddress | null): Promise<DeviceChange | PushWanted> {
    const { user, id, max } = wish;
    const key = deviceKey(user, id);
    const [userRow, row] = await this.#database.read([userKey(user), key]);
    if (!userRow) return { kind: "unknown" };
    const known = row ? parseJson<Device>(row.value) : null;
    const device = wish.change(known);
    if (device === null) return { kind: "unchanged" };
    assertSameDevice(device, user, id);
    if (known === null && (await this.list(user)).length >= max) return { kind: "full" };
    const { push } = device;
    const isMoved = !isSamePush(push, known?.push);
    if (isMoved && push !== undefined && !isSamePush(push, held ?? undefined)) {
      return { kind: "push", push };
    }
    const writes: Write[] = [{ key, value: jsonValue(device) }];
    if (isMoved && known !== null) writes.push(...await freeWrites(this.#database, [known]));
    const taking = isMoved && push ? await takePush(this.#database, push, device) : null;
    writes.push(...taking?.writes ?? []);
    const { outbox } = this.#mailboxes;
    if (push) {
      await outbox.setReach(device, { provider: push.provider, isNew: isMoved }, writes);
    } else {
      await this.#mailboxes.write(writes);
      if (known?.push) await outbox.clearReach(device);
    }
    if (taking?.loser) await outbox.clearReach(taking.loser);
    return { kind: "changed", device };
  }
}
