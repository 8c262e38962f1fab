/**
 * Everything that is kept about a user, a page at a time: a mailbox may hold more than a frame, and
 * more than a client takes at once.
 *
 * @module
 */
import { EXPORT_PAGE_BYTES_MAX, EXPORT_PAGE_MESSAGES_MAX } from "../limits.ts";
import type { ExportPage } from "../rpc/mod.ts";
import type { Entry, Store } from "../store/mod.ts";

/** No device is called so: whatever is in the mailbox is read, also what its own devices sent. */
const NO_DEVICE = "";

/**
 * Reads one page.
 *
 * @param after `next` of the page before, or 0
 * @returns null where there is no such user
 */
export async function exportPage(
  { users, devices, mailboxes }: Pick<Store, "users" | "devices" | "mailboxes">,
  id: string,
  after: number,
): Promise<ExportPage | null> {
  const user = await users.get(id);
  if (user === null) return null;
  const limit = { messages: EXPORT_PAGE_MESSAGES_MAX, bytes: EXPORT_PAGE_BYTES_MAX };
  const { entries, upTo, end } = await mailboxes.read(id, NO_DEVICE, after, limit);
  const page = { messages: entries.map(exported), next: end ? null : upTo };
  if (after > 0) return page;
  const all = (await devices.list(id)).map(({ session: _session, ...device }) => device);
  return { user: user.value, devices: all, ...page };
}

function exported({ id, kind, from, to, time, expires, body }: Entry) {
  return { id, kind, from, to, time, expires, body };
}
