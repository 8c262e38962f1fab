/**
 * Everything that is kept about a user as one JSON document. It is written page by page, since a
 * mailbox may hold more than the memory of this process is worth. Its members are those of
 * `user.export` on the wire.
 *
 * @module
 */
import type { ExportedMessage, ExportPage } from "../../rpc/mod.ts";
import type { User } from "../../store/mod.ts";

/** A part of the document. */
export interface ExportPart {
  /** What follows the parts before. */
  readonly text: string;
  /** Messages in this part and those before. */
  readonly messages: number;
}

/**
 * Writes the document: one message a line, so that others can also work on lines.
 *
 * @param first the first page
 * @param more reads a further page, by `next` of the one before
 */
export async function* exportDocument(
  first: ExportPage,
  more: (after: number) => Promise<ExportPage>,
): AsyncGenerator<ExportPart> {
  const { user = null, devices = [] } = first;
  let head = `{"user":${JSON.stringify(user && userOf(user))},\n` +
    `"devices":${JSON.stringify(devices.map(deviceOf))},\n"messages":[\n`;
  let messages = 0;
  for (let page = first;; page = await more(page.next)) {
    let text = head;
    head = "";
    for (const message of page.messages) {
      text += `${messages++ === 0 ? "" : ",\n"}${JSON.stringify(messageOf(message))}`;
    }
    if (page.next === null) {
      yield { text: `${text}\n]}\n`, messages };
      return;
    }
    yield { text, messages };
  }
}

function userOf({ registered, ...user }: User): object {
  return { ...user, registered: isoTime(registered) };
}

function deviceOf(
  { id, platform, name, push, seen }: NonNullable<ExportPage["devices"]>[number],
): object {
  const wakes = push && { ...push, registered: isoTime(push.registered) };
  return { device: id, platform, name, push: wakes, seen: isoTime(seen) };
}

function messageOf({ id, kind, from, to, time, expires, body }: ExportedMessage): object {
  const envelope = { kind, id, from, to, accepted: isoTime(time), expires: isoTime(expires) };
  const delivered = JSON.parse(body);
  if (kind === "receipt") return { ...envelope, receipt: delivered };
  return { ...envelope, time: delivered.time, message: delivered.message };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
