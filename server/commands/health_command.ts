/**
 * `titan health`: whether a server is ready, for whoever starts and watches it and has no HTTP client.
 *
 * @module
 */
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
  const { isOk, text } = await ask(page);
  const line = printableLine(text.trim().slice(0, SHOWN_CHARS_MAX));
  if (!isOk) throw new CommandError(line === "" ? "Server is not ready" : line);
  console.log(line);
  return EXIT.ok;
}

async function ask(page: URL): Promise<{ readonly isOk: boolean; readonly text: string }> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await fetch(page, { signal, redirect: "manual" });
    return { isOk: response.ok, text: await response.text() };
  } catch (cause) {
    throw new CommandError(`No server answers at ${page.origin}: ${messageOf(cause)}`);
  }
}
