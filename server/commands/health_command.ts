/**
 * `titan health`: whether a server is ready, for whoever starts and watches it and has no HTTP client.
 *
 * @module
 */
import { get as getPlain } from "node:http";
import { get as getTls } from "node:https";
import { text } from "node:stream/consumers";
import { CommandError, EXIT, messageOf } from "./exit.ts";
import { printableLine } from "./printable.ts";
import type { Program } from "./program.ts";
import { serverUrl } from "./server_url.ts";

/** The options of the command. */
export interface HealthOptions {
  /** The server; without it, the one that the configuration names. */
  readonly url?: string;
  /** Asks only whether the process answers. */
  readonly live?: boolean;
}

/** How long the server may take, in milliseconds: `/readyz` itself gives the disk 2 s. */
const ANSWER_MS_MAX = 5000;

/** What is shown of an answer: Titan's own is a line. */
const SHOWN_CHARS_MAX = 200;

/**
 * Asks `/readyz`, or `/healthz`, and prints what it says.
 *
 * @returns the exit code
 * @throws {CommandError} there is no answer
 */
export async function health(program: Program, { url, live }: HealthOptions): Promise<number> {
  const page = new URL(live ? "/healthz" : "/readyz", serverUrl(program.config, url, "http"));
  const { isOk, text: said } = await ask(page);
  const line = printableLine(said.trim().slice(0, SHOWN_CHARS_MAX));
  if (!isOk) throw new CommandError(line === "" ? "Server is not ready" : line);
  console.log(line);
  return EXIT.ok;
}

interface Answer {
  readonly isOk: boolean;
  readonly text: string;
}

async function ask(page: URL): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    return await answerOf(page, signal);
  } catch (error) {
    const cause = signal.aborted ? signal.reason : error;
    throw new CommandError(`No server answers at ${page.origin}: ${messageOf(cause)}`);
  }
}

/**
 * `fetch()` would go through the proxy that `HTTP_PROXY` names. Containers are often given one, and
 * it does not reach the server beside this program.
 */
function answerOf(page: URL, signal: AbortSignal): Promise<Answer> {
  const get = page.protocol === "https:" ? getTls : getPlain;
  return new Promise((resolve, reject) => {
    const request = get(page, { agent: false, signal }, (response) => {
      const { statusCode = 0 } = response;
      const isOk = statusCode >= 200 && statusCode < 300;
      text(response).then((text) => resolve({ isOk, text }), reject);
    });
    request.once("error", reject);
  });
}
