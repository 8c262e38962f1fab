/**
 * Everything that is kept about a user, a page at a time: a mailbox may hold more than a frame, and
 * more than a client takes at once.
 *
 * @module
 */
import { EXPORT_PAGE_BYTES_MAX, EXPORT_PAGE_MESSAGES_MAX } from "../limits.ts";
import type { ExportedMessage, ExportPage, ExportPlace } from "../rpc/mod.ts";
import type { Aside, AsidePage, AsidePlace, Entry, Mailboxes, Store } from "../store/mod.ts";

/** No device is called so: whatever is in the mailbox is read, also what its own devices sent. */
const NO_DEVICE = "";

/** What one page may have. */
const LIMIT = { messages: EXPORT_PAGE_MESSAGES_MAX, bytes: EXPORT_PAGE_BYTES_MAX };

/** The messages of a page. */
type Messages = Pick<ExportPage, "messages" | "next">;

/**
 * Reads one page. What was set aside comes after the mailbox: what is set aside meanwhile is in one
 * of them when it is read.
 *
 * @param after `next` of the page before, or null
 * @returns null where there is no such user
 */
export async function exportPage(
  { users, devices, mailboxes }: Pick<Store, "users" | "devices" | "mailboxes">,
  id: string,
  after: ExportPlace | null,
): Promise<ExportPage | null> {
  const user = await users.get(id);
  if (user === null) return null;
  const page = after?.part === "aside"
    ? asideMessages(await mailboxes.readAside(id, after.after, LIMIT))
    : await mailboxMessages(mailboxes, id, after?.after ?? 0);
  if (after !== null) return page;
  const all = (await devices.list(id)).map(({ session: _session, ...device }) => device);
  return { user: user.value, devices: all, ...page };
}

/** What the mailbox has, and with the last of it what was set aside, as far as there is room. */
async function mailboxMessages(
  mailboxes: Mailboxes,
  id: string,
  after: number,
): Promise<Messages> {
  const { entries, upTo, end } = await mailboxes.read(id, NO_DEVICE, after, LIMIT);
  const messages = entries.map(exported);
  if (!end) return { messages, next: { part: "mailbox", after: upTo } };
  const room = { messages: LIMIT.messages - entries.length, bytes: LIMIT.bytes - bytesOf(entries) };
  const page = await mailboxes.readAside(id, null, room);
  const asides = page.asides.map(({ entry }) => entry);
  // At least one is read even where there is no room for it.
  const fits = asides.length <= room.messages && bytesOf(asides) <= room.bytes;
  if (!fits && entries.length > 0) return { messages, next: placeAside(null) };
  const more = asideMessages(page);
  return { messages: [...messages, ...more.messages], next: more.next };
}

function asideMessages({ asides, next }: AsidePage): Messages {
  return { messages: asides.map(exportedAside), next: next && placeAside(next) };
}

function placeAside(after: AsidePlace | null): ExportPlace {
  return { part: "aside", after };
}

function exportedAside({ device, entry }: Aside): ExportedMessage {
  return { ...exported(entry), setAside: { device } };
}

function exported({ id, kind, from, to, time, expires, body }: Entry): ExportedMessage {
  return { id, kind, from, to, time, expires, body };
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0);
}
