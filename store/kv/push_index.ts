/**
 * Which device a push address belongs to: one row an address, written in the same commit as the
 * row of the device.
 *
 * @module
 */
import { isSamePush } from "../directory.ts";
import type { Device, PushAddress } from "../store.ts";
import { type Key, KEYS_READ_MAX, type ReadsRows, type Row, type Write } from "./database.ts";
import { deviceKey, pushKey } from "./keys.ts";
import { jsonValue, parseJson } from "./values.ts";

/** What names a device. */
export type DeviceName = Pick<Device, "user" | "id">;

/** The device that has a push address, or null. */
export async function pushOwner(
  database: ReadsRows,
  push: PushAddress,
): Promise<DeviceName | null> {
  const [row] = await database.read([pushKey(push)]);
  return row ? parseJson<DeviceName>(row.value) : null;
}

/** What giving a push address to a device takes. */
export interface Taking {
  readonly writes: readonly Write[];
  /** The other device that loses the address by it; null where none does. */
  readonly loser: DeviceName | null;
}

/** Gives a push address to a device, and takes it from the one that has it. */
export async function takePush(
  database: ReadsRows,
  push: PushAddress,
  { user, id }: DeviceName,
): Promise<Taking> {
  const writes = [{ key: pushKey(push), value: jsonValue({ user, id }) }];
  const owner = await pushOwner(database, push);
  if (owner === null || isSameDevice(owner, { user, id })) return { writes, loser: null };
  const key = deviceKey(owner.user, owner.id);
  const [row] = await database.read([key]);
  if (!row) return { writes, loser: null };
  const { push: taken, ...rest } = parseJson<Device>(row.value);
  // By now it may have another address, which is not to be taken.
  if (!isSamePush(taken, push)) return { writes, loser: null };
  return { writes: [...writes, { key, value: jsonValue(rest) }], loser: owner };
}

/** The writes that free the push addresses of devices, where the index still says they are theirs. */
export async function freeWrites(
  database: ReadsRows,
  devices: readonly Device[],
): Promise<Write[]> {
  const writes: Write[] = [];
  const withPush = devices.flatMap(({ user, id, push }) =>
    push === undefined ? [] : [{ user, id, key: pushKey(push) }]
  );
  const rows = await readAll(database, withPush.map(({ key }) => key));
  for (const [index, { user, id, key }] of withPush.entries()) {
    const row = rows[index];
    if (row && isSameDevice(parseJson(row.value), { user, id })) writes.push({ key, value: null });
  }
  return writes;
}

function isSameDevice(one: DeviceName, other: DeviceName): boolean {
  return one.user === other.user && one.id === other.id;
}

async function readAll(database: ReadsRows, keys: readonly Key[]): Promise<(Row | null)[]> {
  const rows: (Row | null)[] = [];
  for (let start = 0; start < keys.length; start += KEYS_READ_MAX) {
    rows.push(...await database.read(keys.slice(start, start + KEYS_READ_MAX)));
  }
  return rows;
}
