/**
 * `titan user ...`: adds, shows, lists and removes users.
 *
 * @module
 */
import type { User } from "../../store/mod.ts";
import { newUserSchema } from "../operator_protocol.ts";
import type { UserReport } from "../user_admin.ts";
import { deviceArgument, userArgument } from "./arguments.ts";
import { CommandError, EXIT } from "./exit.ts";
import { localDateTime } from "./local_time.ts";
import { printableLine } from "./printable.ts";
import type { Program } from "./program.ts";
import { sizeOf, tableLines } from "./table.ts";
import { withUsers } from "./with_users.ts";

/** What all commands for users take. */
export interface UserOptions {
  /** Print JSON. */
  readonly json?: boolean;
}

/** `titan user add`. @throws {CommandError} the id is taken, or something about the user is wrong. */
export async function addUser(
  program: Program,
  id: string,
  options: UserOptions & { readonly name?: string; readonly email?: string },
): Promise<void> {
  const { name, email, json = false } = options;
  const parsed = newUserSchema.safeParse({
    id: userArgument(id),
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
  });
  if (!parsed.success) {
    const [field = "user"] = parsed.error.issues[0]?.path ?? [];
    const given = JSON.stringify(field === "email" ? email : name);
    throw new CommandError(`Option --${String(field)} cannot be ${given}`, EXIT.usage);
  }
  const user = await withUsers(program, true, (users) => users.add(parsed.data));
  if (user === null) throw new CommandError(`User "${parsed.data.id}" exists already`);
  console.log(json ? toJson(userJson(user)) : `Added ${printableLine(user.id)}`);
}

/** `titan user show`. @throws {CommandError} there is no such user. */
export async function showUser(program: Program, id: string, options: UserOptions): Promise<void> {
  const user = userArgument(id);
  const report = await withUsers(program, false, (users) => users.show(user));
  if (report === null) throw noSuchUser(user);
  console.log(options.json ? toJson(reportJson(report)) : reportLines(report).join("\n"));
}

/** `titan user list`. */
export async function listUsers(
  program: Program,
  options: UserOptions & { readonly after: string; readonly limit: number },
): Promise<void> {
  const { after, limit, json = false } = options;
  const { users, next } = await withUsers(program, false, (admin) => admin.list(after, limit));
  if (json) {
    console.log(toJson({ users: users.map(userJson), next }));
    return;
  }
  const rows = users.map(({ id, name = "", email = "", registered }) => [
    id,
    name,
    email,
    localDateTime(registered),
  ]);
  for (const line of tableLines([["USER", "NAME", "EMAIL", "REGISTERED"], ...rows])) {
    console.log(line);
  }
  // Not among the users, so that the output can be piped on.
  if (next !== null) console.error(`More with --after ${printableLine(next)}`);
}

/**
 * `titan user remove`: of the user, or of one of the devices.
 *
 * @throws {CommandError} there is no such user or device, or nobody has said yes.
 */
export async function removeUser(
  program: Program,
  id: string,
  options: { readonly device?: string; readonly yes?: boolean },
): Promise<void> {
  const user = userArgument(id);
  const { device, yes = false } = options;
  if (device !== undefined) return await removeDevice(program, user, deviceArgument(device), yes);
  if (!yes) ask(`Remove ${printableLine(user)} with all devices and waiting messages?`);
  const removed = await withUsers(program, false, (users) => users.remove(user));
  if (!removed) throw noSuchUser(user);
  console.log(`Removed ${printableLine(user)}`);
}

async function removeDevice(program: Program, user: string, device: string, yes: boolean) {
  const which = `device ${printableLine(device)} of ${printableLine(user)}`;
  if (!yes) ask(`Remove ${which}?`);
  await withUsers(program, false, async (users) => {
    if (await users.removeDevice(user, device)) return;
    if (await users.show(user) === null) throw noSuchUser(user);
    throw new CommandError(`User "${user}" has no device "${device}"`);
  });
  console.log(`Removed ${which}`);
}

/** Asks whoever sits at the terminal. @throws {CommandError} the answer is not yes. */
function ask(question: string): void {
  if (!Deno.stdin.isTerminal()) {
    throw new CommandError("Option --yes is needed where there is no terminal", EXIT.usage);
  }
  if (!confirm(question)) throw new CommandError("Nothing was removed");
}

function noSuchUser(user: string): CommandError {
  return new CommandError(`There is no user "${user}"`);
}

function reportLines({ user, devices, waiting }: UserReport): string[] {
  const facts = tableLines([
    ["user", user.id],
    ["name", user.name ?? ""],
    ["email", user.email ?? ""],
    ["registered", localDateTime(user.registered)],
    ["waiting", `${waiting.messages} messages, ${sizeOf(waiting.bytes)}`],
  ].filter(([, value]) => value !== ""));
  if (devices.length === 0) return [...facts, "", "No devices"];
  const rows = devices.map(({ id, seen, cursor, online }) => [
    id,
    localDateTime(seen),
    cursor === null ? "-" : String(cursor),
    online ? "yes" : "no",
  ]);
  return [...facts, "", ...tableLines([["DEVICE", "SEEN", "CURSOR", "ONLINE"], ...rows])];
}

function userJson({ registered, ...user }: User): object {
  return { ...user, registered: new Date(registered).toISOString() };
}

function reportJson({ user, devices, waiting }: UserReport): object {
  return {
    ...userJson(user),
    waiting,
    devices: devices.map(({ seen, ...device }) => ({
      ...device,
      seen: new Date(seen).toISOString(),
    })),
  };
}

function toJson(value: object): string {
  return JSON.stringify(value, null, 2);
}
