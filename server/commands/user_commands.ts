/**
 * `titan user ...`: adds, shows, lists, changes, logs out, exports and removes users.
 *
 * @module
 */
import type { z } from "zod";
import { definedMembers } from "../../rpc/mod.ts";
import { emailSchema, newUserSchema, profileChangeSchema } from "../operator_protocol.ts";
import type { UserAdmin } from "../user_admin.ts";
import { deviceArgument, userArgument } from "./arguments.ts";
import { CommandError, EXIT } from "./exit.ts";
import { exportDocument } from "./export_document.ts";
import { ExportProgress } from "./export_progress.ts";
import { fileOutput, streamOutput } from "./output.ts";
import { printableLine } from "./printable.ts";
import type { Program } from "./program.ts";
import { reportJson, reportLines, toJson, userJson, userLines } from "./user_output.ts";
import { withUsers } from "./with_users.ts";

/** What cannot be written, and what to do about it. */
const EXPORT_WORDS = { what: "the export", hint: "leave --output out" };

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
  const given = { name, email };
  const wanted = checked(newUserSchema, { id: userArgument(id), ...definedMembers(given) }, given);
  const user = await withUsers(program, true, (users) => users.add(wanted));
  if (user === null) throw new CommandError(`User "${wanted.id}" exists already`);
  console.log(json ? toJson(userJson(user)) : `Added ${printableLine(user.id)}`);
}

/** `titan user show`. @throws {CommandError} there is no such user. */
export async function showUser(program: Program, id: string, options: UserOptions): Promise<void> {
  const user = userArgument(id);
  const report = await withUsers(program, false, (users) => users.show(user));
  if (report === null) throw noSuchUser(user);
  console.log(options.json ? toJson(reportJson(report)) : reportLines(report).join("\n"));
}

/** `titan user list`: a page, or those with an e-mail address. */
export async function listUsers(
  program: Program,
  options: UserOptions & {
    readonly after: string;
    readonly limit: number;
    readonly email?: string;
  },
): Promise<void> {
  const { after, limit, email, json = false } = options;
  const address = email === undefined ? undefined : checked(emailSchema, email, { email });
  const { users, next } = await withUsers(program, false, async (admin) => {
    if (address === undefined) return await admin.list(after, limit);
    return { users: await admin.withEmail(address), next: null };
  });
  if (json) {
    console.log(toJson({ users: users.map(userJson), next }));
    return;
  }
  for (const line of userLines(users)) console.log(line);
  // Not among the users, so that the output can be piped on.
  if (next !== null) console.error(`More with --after ${printableLine(next)}`);
}

/**
 * `titan user update`. False takes something away.
 *
 * @throws {CommandError} there is no such user, or something is wrong with what to change.
 */
export async function updateUser(
  program: Program,
  id: string,
  options: UserOptions & { readonly name?: string | false; readonly picture?: string | false },
): Promise<void> {
  const { name, picture, json = false } = options;
  const user = userArgument(id);
  if (name === undefined && picture === undefined) {
    throw new CommandError(
      "Say what to change: --name, --no-name, --picture or --no-picture",
      EXIT.usage,
    );
  }
  const wanted = definedMembers({ name: nullForFalse(name), picture: nullForFalse(picture) });
  const change = checked(profileChangeSchema, wanted, { name, picture });
  const updated = await withUsers(program, false, (users) => users.update(user, change));
  if (updated === null) throw noSuchUser(user);
  console.log(json ? toJson(userJson(updated)) : `Updated ${printableLine(user)}`);
}

/** `titan user logout`: also of a user who is not known here, whose tokens are from elsewhere. */
export async function logoutUser(
  program: Program,
  id: string,
  options: UserOptions,
): Promise<void> {
  const user = userArgument(id);
  await withUsers(program, false, (users) => users.logout(user));
  console.log(options.json ? toJson({ user }) : `Logged out ${printableLine(user)}`);
}

/**
 * `titan user export`: to standard output or to a new file.
 *
 * @throws {CommandError} there is no such user, or it cannot be written.
 */
export async function exportUser(
  program: Program,
  id: string,
  { output }: { readonly output?: string },
): Promise<void> {
  const user = userArgument(id);
  // A terminal that shows the document has no room for progress.
  const isWatched = Deno.stderr.isTerminal() &&
    (output !== undefined || !Deno.stdout.isTerminal());
  const write = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text));
  using progress = new ExportProgress({
    monotonic: () => program.clock.monotonic(),
    write: isWatched ? write : undefined,
  });
  const messages = await withUsers(
    program,
    false,
    (users) => writeExport(users, user, output, progress),
  );
  if (output !== undefined) {
    console.log(
      `Exported ${printableLine(user)} to ${printableLine(output)}: ${messages} messages`,
    );
  }
}

/** Writes an export. @returns how many messages it has. */
async function writeExport(
  users: UserAdmin,
  user: string,
  path: string | undefined,
  progress: ExportProgress,
): Promise<number> {
  const first = await users.export(user, null);
  if (first === null) throw noSuchUser(user);
  const document = exportDocument(first, async (after) => {
    const page = await users.export(user, after);
    if (page === null) throw new CommandError(`User "${user}" was removed while it was exported`);
    return page;
  });
  await using output = path === undefined
    ? streamOutput(Deno.stdout, EXPORT_WORDS)
    : await fileOutput(path, EXPORT_WORDS);
  const encoder = new TextEncoder();
  let written = 0;
  for await (const { text, messages } of document) {
    await output.write(encoder.encode(text));
    progress.note(messages);
    written = messages;
  }
  await output.finish();
  return written;
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

/** Options as they were given, by their names. */
type Given = Readonly<Record<string, string | false | undefined>>;

/**
 * What a schema makes of options.
 *
 * @throws {CommandError} one of them is wrong: the one that the schema names, or the only one.
 */
function checked<T>(schema: z.ZodType<T>, value: unknown, given: Given): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = new Map(Object.entries(given));
  const name = String(issue?.path[0] ?? Object.keys(given)[0]);
  const text = JSON.stringify(option.get(name));
  const why = issue?.code === "custom" ? `${issue.message}: it is ${text}` : `cannot be ${text}`;
  throw new CommandError(`Option --${name} ${why}`, EXIT.usage);
}

function nullForFalse(value: string | false | undefined): string | null | undefined {
  return value === false ? null : value;
}
