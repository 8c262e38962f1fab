/**
 * The provider of a deployment that has no credentials yet: it shows what would be sent.
 *
 * @module
 */
import type { Push, PushCheck, PushOutcome, PushProvider } from "./push.ts";

/** Who sees what would be sent. */
export interface LogProviderOptions {
  /** Takes one line, without a line break. */
  readonly write: (line: string) => void;
}

/** Writes a line for each push in place of sending it; neither the text nor the token (I8). */
export class LogProvider implements PushProvider {
  readonly name = "log";
  readonly #write: (line: string) => void;

  /** Takes where to write to. */
  constructor({ write }: LogProviderOptions) {
    this.#write = write;
  }

  /** Writes what would be sent and answers accepted. */
  send(push: Push): Promise<PushOutcome> {
    this.#write(describePush(push));
    return Promise.resolve({ kind: "accepted" });
  }

  /** There is nobody to ask. */
  check(): Promise<PushCheck> {
    return Promise.resolve({ kind: "unasked", reason: "Pushes are only logged" });
  }

  /** There is nothing to end. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** What may be told of a push, as a sentence. */
function describePush({ content, urgent, collapse, expires }: Push): string {
  const { badge, fetch: toFetch, sender, text } = content;
  const parts = [
    urgent ? "urgent" : "not urgent",
    `badge ${badge}`,
    ...(toFetch ? ["to be fetched"] : []),
    ...(sender === undefined ? [] : ["with its sender"]),
    ...(text === undefined ? [] : [`with a text of ${text.length} characters`]),
    `in place of "${collapse}"`,
    `until ${describeTime(expires)}`,
  ];
  return `Push would be sent: ${parts.join(", ")}`;
}

function describeTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "no time" : date.toISOString();
}
