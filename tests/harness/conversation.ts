/**
 * Two people who talk while something else goes on, and notice when it disturbs them.
 *
 * @module
 */
import { TestClient } from "./client.ts";
import type { ServerProcess } from "./server_process.ts";

/** What a conversation was like. */
export interface Talk {
  /** Messages that went from one to the other. */
  readonly messages: number;
  /** The longest time from sending to receiving, in milliseconds. */
  readonly slowestMs: number;
}

/** A message every now and then from one user to another, each awaited before the next. */
export class Conversation implements AsyncDisposable {
  readonly #from: TestClient;
  readonly #to: TestClient;
  #sent = 0;
  #slowestMs = 0;
  #isOver = false;
  readonly #talking: Promise<void>;
  /** Messages that were there at the last look. */
  #seen = 0;

  private constructor(from: TestClient, to: TestClient) {
    this.#from = from;
    this.#to = to;
    this.#talking = this.#talk();
    // Whoever looks next hears of it.
    this.#talking.catch(() => {});
  }

  /** Starts to talk. */
  static async start(server: ServerProcess): Promise<Conversation> {
    const enter = async (user: string) =>
      await TestClient.connect(server.url, { token: await server.token(user) });
    const to = await enter("talker-b");
    return new Conversation(await enter("talker-a"), to);
  }

  /** What it was like since the last look. @throws {Error} something was lost, doubled or mixed up */
  async look(): Promise<Talk> {
    const next = this.#seen + 1;
    await Promise.race([this.#to.received(next), this.#talking]);
    this.#check();
    const { length } = this.#to.messages;
    const talk = { messages: length - this.#seen, slowestMs: this.#slowestMs };
    this.#seen = length;
    this.#slowestMs = 0;
    return talk;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#talking.catch(() => {});
    await this.#from.close();
    await this.#to.close();
  }

  async #talk(): Promise<void> {
    while (!this.#isOver) {
      const started = performance.now();
      await this.#from.sendMessage("talker-b", `line ${this.#sent}`);
      await this.#to.received(this.#sent + 1);
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - started);
      this.#sent++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #check(): void {
    for (const [n, { message }] of this.#to.messages.entries()) {
      if (message !== `line ${n}`) throw new Error(`Line ${n} is "${message}"`);
    }
  }
}
