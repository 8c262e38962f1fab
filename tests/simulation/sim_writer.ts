/**
 * What a simulated client is like, and what it writes.
 *
 * @module
 */
import { SEND_MESSAGES_MAX } from "../../limits.ts";
import type { Random } from "./random.ts";
import type { Sent } from "./records.ts";

/** Full requests that go at once: more than one commit takes while the disk is idle. */
const REQUESTS_AT_ONCE = 3;

/** How likely a client is to do what, from 0 to 1. */
export interface Habits {
  /** To answer a delivery for some of its messages only, or with an error. */
  readonly partly: number;
  readonly refuse: number;
  /** To answer the newest delivery first. */
  readonly disorderly: number;
  /** To never answer on a connection. */
  readonly mute: number;
  /** To ask for receipts. */
  readonly receipts: number;
  /** To send with a `cid`, with a short time to live, a large text. */
  readonly cid: number;
  readonly ttl: number;
  readonly large: number;
  /** To use the ancestors' forms. */
  readonly plain: number;
  /** To send requests with as many messages as they may have, some at once. */
  readonly many: number;
}

/** What a {@linkcode SimWriter} knows of the world. */
export interface WriterParts {
  readonly user: string;
  readonly random: Random;
  readonly habits: Habits;
  /** Whom it writes to. */
  readonly others: readonly string[];
  /** The first word of the next message. */
  readonly nextWord: () => string;
}

/** Writes messages. */
export class SimWriter {
  readonly #parts: WriterParts;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** The messages of some requests that go at once. */
  writeSome(): Sent[][] {
    const { random, habits } = this.#parts;
    const some = (length: number, large?: number) =>
      Array.from({ length }, () => this.#write(large));
    if (!random.chance(habits.many)) return [some(random.chance(0.8) ? 1 : random.between(2, 8))];
    // Large texts would not fit in a frame.
    return Array.from({ length: REQUESTS_AT_ONCE }, () => some(SEND_MESSAGES_MAX, 0));
  }

  /** A message that was not sent yet. */
  #write(large = this.#parts.habits.large): Sent {
    const { random, habits, others, nextWord, user } = this.#parts;
    const word = nextWord();
    const to = random.weighted([
      [20, () => random.pick(others)],
      [4, () => others[0] ?? user],
      [1, () => user],
      [1, () => "echo"],
      [0.3, () => "nobody"],
    ])();
    return {
      word,
      text: `${word} ${random.chance(large) ? this.#largeText() : "said"}`,
      to,
      cid: random.chance(habits.cid) ? `cid-${word}` : undefined,
      ttl: random.chance(habits.ttl) ? random.pick([1, 2, 5, 20, 60]) : undefined,
      attempts: 0,
      arrivals: 0,
      id: null,
    };
  }

  #largeText(): string {
    const { random } = this.#parts;
    const size = random.between(1, 16) * 1024;
    return random.pick(["x", "é", "\u0001", "😀"]).repeat(size / 2);
  }
}
