/**
 * Users and their devices as the commands print them.
 *
 * @module
 */
import type { User } from "../../store/mod.ts";
import type { DeviceReport, UserReport } from "../user_admin.ts";
import { localDateTime } from "./local_time.ts";
import { sizeOf, tableLines } from "./table.ts";

/** Stands for what there is not, in a table. */
const NONE = "-";

/** JSON for people and programs. */
export function toJson(value: object): string {
  return JSON.stringify(value, null, 2);
}

/** A user, with times as in RFC 3339. */
export function userJson({ registered, ...user }: User): object {
  return { ...user, registered: isoTime(registered) };
}

/** A report, with times as in RFC 3339; `session` is when it ends. */
export function reportJson({ user, devices, waiting }: UserReport): object {
  return {
    ...userJson(user),
    waiting,
    devices: devices.map(({ seen, session, ...device }) => ({
      ...device,
      seen: isoTime(seen),
      ...(session === undefined ? {} : { session: isoTime(session) }),
    })),
  };
}

/** A table of users. */
export function userLines(users: readonly User[]): string[] {
  const rows = users.map(({ id, name = "", email = "", registered }) => [
    id,
    name,
    email,
    localDateTime(registered),
  ]);
  return tableLines([["USER", "NAME", "EMAIL", "REGISTERED"], ...rows]);
}

/** What is known of a user, and a table of the devices. */
export function reportLines({ user, devices, waiting }: UserReport): string[] {
  const facts = tableLines([
    ["user", user.id],
    ["name", user.name ?? ""],
    ["email", user.email ?? ""],
    ["picture", user.picture ?? ""],
    ["registered", localDateTime(user.registered)],
    ["waiting", `${waiting.messages} messages, ${sizeOf(waiting.bytes)}`],
  ].filter(([, value]) => value !== ""));
  if (devices.length === 0) return [...facts, "", "No devices"];
  const heading = [
    "DEVICE",
    "PLATFORM",
    "NAME",
    "SEEN",
    "CURSOR",
    "PUSH",
    "SESSION ENDS",
    "ONLINE",
  ];
  return [...facts, "", ...tableLines([heading, ...devices.map(deviceCells)])];
}

function deviceCells(device: DeviceReport): string[] {
  const { id, platform = NONE, name = NONE, seen, cursor, push = NONE, session, online } = device;
  return [
    id,
    platform,
    name,
    localDateTime(seen),
    cursor === null ? NONE : String(cursor),
    push,
    session === undefined ? NONE : localDateTime(session),
    online ? "yes" : "no",
  ];
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
