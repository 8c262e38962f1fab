/**
 * Lines of a stream, of bounded length.
 *
 * @module
 */
import { MESSAGE_TEXT_BYTES_MAX } from "../../../limits.ts";

/** Characters of one line that are kept: enough to see that it is too long for a message. */
export const LINE_CHARS_MAX = MESSAGE_TEXT_BYTES_MAX + 1;

/** The lines of a stream without their ends; one that is too long is cut. */
export async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let line = "";
  for await (const chunk of stream) {
    const [rest = "", ...more] = decoder.decode(chunk, { stream: true }).split("\n");
    line = (line + rest).slice(0, LINE_CHARS_MAX);
    for (const next of more) {
      yield line.replace(/\r$/, "");
      line = next.slice(0, LINE_CHARS_MAX);
    }
  }
  if (line !== "") yield line;
}
