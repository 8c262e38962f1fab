/**
 * How the content of a push becomes a payload that its service takes.
 *
 * @module
 */
import { PAYLOAD_BYTES_MAX, type PushContent } from "./push.ts";

/** Content that fits. */
export interface FittedPayload {
  /** What is left of the content. */
  readonly content: PushContent;
  /** It, encoded. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** How a payload is made. */
export interface PayloadOptions {
  /** How large it may be, in bytes. @default {PAYLOAD_BYTES_MAX} */
  readonly bytesMax?: number;
  /** The form that the service gives it. @default {contentJson} */
  readonly encode?: (content: PushContent) => string;
}

/**
 * The form of a payload that is wholly ours: a JSON object of the members `badge`, `fetch` and, where
 * the content has them, `sender`, `text` and `nonce`.
 */
export function contentJson(content: PushContent): string {
  return JSON.stringify(content, ["badge", "fetch", "sender", "text", "nonce"]);
}

/**
 * Makes content fit. What would pass the limit loses its text, then its sender, each as a whole:
 * half a text would be shown as if it were all of it. The device is then told to fetch.
 *
 * Strings that are not well-formed (half of a surrogate pair) get U+FFFD in its place, since there
 * is no UTF-8 for them and services refuse what stands for them in JSON.
 *
 * @returns null where even the rest does not fit
 */
export function fitPayload(
  content: PushContent,
  { bytesMax = PAYLOAD_BYTES_MAX, encode = contentJson }: PayloadOptions = {},
): FittedPayload | null {
  const encoder = new TextEncoder();
  for (const candidate of smaller(wellFormed(content))) {
    // A character takes a byte at least: the texts that are much too long need no encoding.
    if ((candidate.text?.length ?? 0) > bytesMax) continue;
    const payload = encoder.encode(encode(candidate));
    if (payload.length <= bytesMax) return { content: candidate, payload };
  }
  return null;
}

/** The content, then what is left of it as it gets smaller. */
function* smaller(content: PushContent): Iterable<PushContent> {
  yield content;
  const { text, ...untold } = content;
  if (text !== undefined) yield { ...untold, fetch: true };
  const { sender, ...unnamed } = untold;
  if (sender !== undefined) yield { ...unnamed, fetch: true };
}

function wellFormed(content: PushContent): PushContent {
  const { sender, text } = content;
  return {
    ...content,
    ...(sender === undefined ? {} : { sender: sender.toWellFormed() }),
    ...(text === undefined ? {} : { text: text.toWellFormed() }),
  };
}
