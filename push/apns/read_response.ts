/**
 * How an answer of APNs is read.
 *
 * @module
 */
import type { ApnsResponse } from "./apns_outcome.ts";

/** The largest body that is read, in bytes: a reason and a time take less than a hundred. */
const BODY_BYTES_MAX = 4096;

/** Reads an answer as a whole. @throws whatever ends the connection in the middle. */
export async function readResponse(response: Response): Promise<ApnsResponse> {
  const { status, headers } = response;
  const [id, retryAfter] = [headers.get("apns-id"), headers.get("retry-after")];
  return {
    status,
    body: await readBody(response),
    ...(id === null ? {} : { id }),
    ...(retryAfter === null ? {} : { retryAfter }),
  };
}

/** The body; "" for one that is too long, and so is not by APNs. */
async function readBody({ status, body }: Response): Promise<string> {
  if (body === null) return "";
  if (status === 200) {
    // There is none. To read that takes memory for each push.
    await body.cancel();
    return "";
  }
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // To leave the loop cancels the rest.
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return "";
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
