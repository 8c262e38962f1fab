/**
 * What the program and the process of the load say to each other: lines of JSON, one answer to each
 * request. Moments are milliseconds of the load's own clock.
 *
 * @module
 */
import type { ChatSize } from "./chat_habits.ts";
import type { RestoredFigures } from "./restored.ts";
import type { Moments, RoundFigures } from "./round_figures.ts";

/** What the load is asked to do. */
export type ChatRequest =
  | JoinRequest
  | { readonly do: "now" }
  | { readonly do: "died"; readonly at: number }
  | { readonly do: "recovered"; readonly since: number }
  | { readonly do: "refused"; readonly since: number }
  | { readonly do: "post"; readonly url: string }
  | JumpedRequest
  | { readonly do: "drain" }
  | { readonly do: "restored"; readonly backup: RestoredPlace }
  | { readonly do: "finish"; readonly moments: Moments; readonly end: number }
  | { readonly do: "revisit"; readonly url: string; readonly dataDir: string };

/** A new round: everybody signs in and begins to chat. */
export interface JoinRequest extends ChatSize {
  readonly do: "join";
  /** What the names of its users begin with. */
  readonly name: string;
  readonly seed: number;
  readonly url: string;
  /** Of the server, whose secret signs tokens. */
  readonly dataDir: string;
  /** Error codes that may refuse a message. */
  readonly refusals: readonly number[];
}

/** The server's clock has jumped, since "post" was asked for. */
export interface JumpedRequest {
  readonly do: "jumped";
  readonly url: string;
  /** How far the clock is from the true time, and how far it has jumped, in milliseconds. */
  readonly shiftMs: number;
  readonly jumpMs: number;
}

/** A server that was made of a backup. */
export interface RestoredPlace {
  readonly url: string;
  /** With the secret that was restored. */
  readonly dataDir: string;
  /** Of the server that was backed up. */
  readonly original: string;
  /** The moment that it names, in milliseconds since 1970. */
  readonly taken: number;
  /** When the command was over. */
  readonly done: number;
}

/** What the load answers. */
export interface ChatAnswer {
  /** Of the load's clock, when it answered. */
  readonly now: number;
  /** What was broken, in words; empty or absent where nothing was. */
  readonly broken?: string;
  readonly figures?: RoundFigures;
  /** The longest time in which the load itself stood still, from the harm on. */
  readonly stallMs?: number;
  readonly restored?: RestoredFigures;
  /** Messages that were sent again when everybody came back. */
  readonly repeated?: number;
  /** It could not be done. */
  readonly error?: string;
}
