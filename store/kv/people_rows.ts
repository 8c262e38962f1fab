/**
 * Users and devices as rows: what both stores on Deno KV read of them in the same way.
 *
 * @module
 */
import type { Device, DevicePage, User, Versioned } from "../store.ts";
import type { ListsRows, ReadsRows } from "./database.ts";
import {
  allDevicesRange,
  devicesRange,
  emailsRange,
  emailUser,
  userKey,
  usersRange,
} from "./keys.ts";
import { parseJson } from "./values.ts";

/** More devices than any user may have: a list of them is read at once. */
const DEVICES_READ_MAX = 1000;

/** See `Users.get`. */
export async function readUser(database: ReadsRows, id: string): Promise<Versioned<User> | null> {
  const [row] = await database.read([userKey(id)]);
  return row ? { value: parseJson<User>(row.value), version: row.version } : null;
}

/** See `Users.list`. */
export async function listUsers(
  database: ListsRows,
  after: string,
  limit: number,
): Promise<readonly User[]> {
  const rows = await database.list(usersRange(after), limit);
  return rows.map(({ value }) => parseJson<User>(value));
}

/** See `Users.withEmail`. */
export async function listUsersWithEmail(
  database: ListsRows,
  email: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await database.list(emailsRange(email), limit);
  return rows.map(({ key }) => emailUser(key));
}

/** See `Devices.list`. */
export async function listDevices(database: ListsRows, user: string): Promise<readonly Device[]> {
  const rows = await database.list(devicesRange(user), DEVICES_READ_MAX);
  return rows.map(({ value }) => parseJson<Device>(value));
}

/** See `Devices.unseen`. */
export async function listUnseen(
  database: ListsRows,
  before: number,
  after: DevicePage["next"],
  limit: number,
): Promise<DevicePage> {
  // One more than is asked for tells whether there are more.
  const rows = await database.list(allDevicesRange(after), limit + 1);
  const devices = rows.slice(0, limit).map(({ value }) => parseJson<Device>(value));
  const last = rows.length > limit ? devices.at(-1) : undefined;
  return {
    devices: devices.filter(({ seen }) => seen < before),
    next: last === undefined ? null : { user: last.user, id: last.id },
  };
}

/** @throws {TypeError} a change of a device answered another one. */
export function assertSameDevice(device: Device, user: string, id: string): void {
  if (device.user === user && device.id === id) return;
  throw new TypeError("Cannot change the device: the change answers another one");
}
