/**
 * Everything that is kept about a user as one JSON document. It is written page by page, since a
 * mailbox may hold more than the memory of this process is worth. Its members are those of
 * `user.export` on the wire.
 *
 * @module
 */
import { type ExportPage, type ExportPlace, viewOfExport } from "../../rpc/mod.ts";

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
  more: (after: ExportPlace) => Promise<ExportPage>,
): AsyncGenerator<ExportPart> {
  const { user = null, devices = [] } = viewOfExport(first);
  let head = `{"user":${JSON.stringify(user)},\n` +
    `"devices":${JSON.stringify(devices)},\n"messages":[\n`;
  let messages = 0;
  for (let page = first;; page = await more(page.next)) {
    let text = head;
    head = "";
    for (const message of viewOfExport(page).messages) {
      text += `${messages++ === 0 ? "" : ",\n"}${JSON.stringify(message)}`;
    }
    if (page.next === null) {
      yield { text: `${text}\n]}\n`, messages };
      return;
    }
    yield { text, messages };
  }
}
