/**
 * Fetching a small JSON document from somebody who may be slow, broken or hostile.
 *
 * @module
 */
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** How long a document may take, headers and body, in milliseconds. */
export const DOCUMENT_MS_MAX = 5000;

/** A document, in bytes: a hundred certificates with their chains fit. */
export const DOCUMENT_BYTES_MAX: number = 512 * 1024;

/** `fetch`, as far as it is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What fetching needs of the world. */
export interface FetchWorld {
  /** How to ask: `fetch`. */
  readonly fetch: Fetch;
  /** How long an answer takes and how old it is. */
  readonly clock: Clock;
  /** Hears of keys that cannot be had. @default {none} */
  readonly log?: Pick<Log, "warn">;
  /** Ends what is being fetched. @default {never} */
  readonly signal?: AbortSignal;
}

/** What can be wrong with a document. */
export type DocumentFault =
  | "timed_out"
  | "not_reachable"
  /** An HTTP status that is not 200; a redirect is one too. */
  | `status_${number}`
  | "too_long"
  | "no_json"
  | "unexpected_form"
  /** A discovery document that is another issuer's. */
  | "wrong_issuer"
  /** Keys at a URL where they must not be fetched. */
  | "unsafe_keys_url"
  | "no_usable_key";

/** A document cannot be had, or is not what it should be. Holds nothing of it. */
export class DocumentError extends Error {
  /** The name of the class. */
  override readonly name = "DocumentError";
  /** Where it should have been. */
  readonly url: string;
  /** What is wrong. */
  readonly reason: DocumentFault;

  /** Makes the error for a URL and a reason. */
  constructor(url: string, reason: DocumentFault, options?: ErrorOptions) {
    super(`Cannot use the document "${url}": ${reason}`, options);
    this.url = url;
    this.reason = reason;
  }
}

/**
 * Fetches a document. A redirect is not followed: it could lead anywhere, this machine included.
 *
 * @throws {DocumentError} it is not there, late, too long, or of another form.
 */
export async function fetchDocument<T>(
  url: string,
  schema: z.ZodType<T>,
  world: FetchWorld,
): Promise<T> {
  const stop = new AbortController();
  const signals = world.signal === undefined ? [stop.signal] : [stop.signal, world.signal];
  const cancel = world.clock.after(DOCUMENT_MS_MAX, () => stop.abort());
  try {
    const response = await world.fetch(url, {
      redirect: "manual",
      headers: { accept: "application/json" },
      signal: AbortSignal.any(signals),
    });
    return parse(url, await readBody(url, response), schema);
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    throw new DocumentError(url, stop.signal.aborted ? "timed_out" : "not_reachable", { cause });
  } finally {
    cancel();
  }
}

/** Reads a body, which is given up where it is too long. */
async function readBody(url: string, response: Response): Promise<Uint8Array> {
  const announced = Number(response.headers.get("content-length"));
  if (response.status !== 200 || announced > DOCUMENT_BYTES_MAX) {
    await response.body?.cancel();
    const { status } = response;
    throw new DocumentError(url, status === 200 ? "too_long" : `status_${status}`);
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  // Leaving the loop cancels the body.
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > DOCUMENT_BYTES_MAX) throw new DocumentError(url, "too_long");
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}

function parse<T>(url: string, body: Uint8Array, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw new DocumentError(url, "no_json");
  }
  const { success, data } = schema.safeParse(json);
  if (!success) throw new DocumentError(url, "unexpected_form");
  return data;
}
