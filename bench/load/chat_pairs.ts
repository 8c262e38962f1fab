/**
 * Senders and receivers in pairs, each with a window of messages in flight. A message leaves the
 * window when its receiver has it and its sender has the server's acknowledgement.
 *
 * @module
 */
import type { ChatClient, Connect } from "./chat_client.ts";

/** What the load is. */
export interface PairOptions {
  readonly pairs: number;
  /** Messages in flight in each pair. */
  readonly window: number;
  /** Characters of a message, beside the time at its start. */
  readonly size: number;
  /** What the names of this run's users begin with. */
  readonly prefix: string;
}

/** Between the time that a message begins with and the rest. */
const SEPARATOR = "|";

/** Counts of all pairs together. */
export class Tally {
  sent = 0;
  acknowledged = 0;
  received = 0;
  /** From send to receipt, in milliseconds, of every message since the list was last emptied. */
  latenciesMs: number[] = [];
  /** The longest time without any acknowledgement since it was last set to 0, in milliseconds. */
  longestPauseMs = 0;
  #acknowledgedAt = performance.now();

  /** A sender was acknowledged. */
  acknowledge(): void {
    const now = performance.now();
    this.acknowledged++;
    this.longestPauseMs = Math.max(this.longestPauseMs, now - this.#acknowledgedAt);
    this.#acknowledgedAt = now;
  }
}

/** All pairs of one run. */
export class ChatPairs {
  readonly tally = new Tally();
  /** Rejects when any client fails. */
  readonly failed: Promise<never>;
  readonly #fail: (error: Error) => void;
  readonly #pairs: Pair[] = [];
  readonly #clients: ChatClient[] = [];

  private constructor() {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    // Whoever is waiting hears of it; before and after that nobody has to.
    this.failed.catch(() => {});
    this.#fail = reject;
  }

  /** Connects all clients, one after another, as a storm of sign-ins is not what is measured. */
  static async connect(connect: Connect, options: PairOptions): Promise<ChatPairs> {
    const pairs = new ChatPairs();
    for (let index = 0; index < options.pairs; index++) await pairs.#add(connect, index, options);
    return pairs;
  }

  /** Begins to send. */
  start(): void {
    for (const pair of this.#pairs) pair.pump();
  }

  /** Stops sending and waits until nothing is in flight any more. */
  async finish(): Promise<void> {
    await Promise.race([Promise.all(this.#pairs.map((pair) => pair.finish())), this.failed]);
  }

  /** Closes all connections. */
  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #add(connect: Connect, index: number, options: PairOptions): Promise<void> {
    const [to, from] = [`${options.prefix}r${index}`, `${options.prefix}s${index}`];
    const pair = new Pair(this.tally, options, (text) => sender.send(to, text));
    const failed = this.#fail;
    const receiver = await connect(to, {
      acknowledged: () => failed(new Error("A receiver was acknowledged: it never sends")),
      received(text) {
        if (pair.received(text)) return;
        failed(new Error("A message came that was not sent, or twice: is the prefix a new one?"));
      },
      failed,
    });
    const sender = await connect(from, {
      acknowledged: () => pair.acknowledged(),
      received: () => failed(new Error("A sender received a message: nobody writes to it")),
      failed,
    });
    this.#clients.push(receiver, sender);
    this.#pairs.push(pair);
  }
}

/** One sender and one receiver. */
class Pair {
  readonly #tally: Tally;
  readonly #window: number;
  readonly #filling: string;
  readonly #send: (text: string) => void;
  readonly #finished = Promise.withResolvers<void>();
  #sent = 0;
  #acknowledged = 0;
  #received = 0;
  #isStopped = false;

  constructor(tally: Tally, { window, size }: PairOptions, send: (text: string) => void) {
    this.#tally = tally;
    this.#window = window;
    this.#filling = SEPARATOR + "x".repeat(size);
    this.#send = send;
  }

  /** Fills the window. */
  pump(): void {
    while (!this.#isStopped && this.#inFlight() < this.#window) {
      this.#sent++;
      this.#tally.sent++;
      this.#send(performance.now().toFixed(3) + this.#filling);
    }
    if (this.#isStopped && this.#inFlight() === 0) this.#finished.resolve();
  }

  acknowledged(): void {
    this.#acknowledged++;
    this.#tally.acknowledge();
    this.pump();
  }

  /** @returns false where more came than was sent. */
  received(text: string): boolean {
    if (this.#received === this.#sent) return false;
    this.#received++;
    this.#tally.received++;
    this.#tally.latenciesMs.push(performance.now() - parseFloat(text));
    this.pump();
    return true;
  }

  finish(): Promise<void> {
    this.#isStopped = true;
    this.pump();
    return this.#finished.promise;
  }

  #inFlight(): number {
    return this.#sent - Math.min(this.#acknowledged, this.#received);
  }
}
