/**
 * A chat in a terminal: what comes in is printed above the line that is being typed.
 *
 * @module
 */
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
} from "node:readline";
import type { Screen } from "./screen.ts";

const DIM = "\x1b[2m";
const PLAIN = "\x1b[22m";

/** The ends of a terminal. */
export interface Terminal {
  /** What is typed. */
  readonly input: NodeJS.ReadableStream;
  /** What is seen. */
  readonly output: NodeJS.WritableStream;
  /** Whether what Titan says may look different from what people say. */
  readonly colour: boolean;
}

/** A {@linkcode Screen} on a terminal. */
export class TerminalScreen implements Screen {
  readonly isInteractive = true;
  readonly #output: NodeJS.WritableStream;
  readonly #colour: boolean;
  readonly #line: Interface;
  #isOpen = true;

  constructor({ input, output, colour }: Terminal) {
    this.#output = output;
    this.#colour = colour;
    this.#line = createInterface({ input, output, terminal: true });
    this.#line.on("close", () => this.#isOpen = false);
    this.#line.on("SIGINT", () => this.#line.close());
  }

  async *lines(): AsyncGenerator<string, void, undefined> {
    this.#line.prompt();
    for await (const line of this.#line) {
      yield line;
      if (this.#isOpen) this.#line.prompt();
    }
    this.#output.write("\n");
  }

  message(line: string): Promise<void> {
    return this.#show(line);
  }

  notice(line: string): void {
    // Nobody sees it: messages find that out, and they count.
    this.#show(this.#colour ? DIM + line + PLAIN : line).catch(() => {});
  }

  prompt(receiver: string): void {
    this.#line.setPrompt(receiver === "" ? "> " : `${receiver}> `);
    if (this.#isOpen) this.#line.prompt(true);
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) this.#line.close();
  }

  #show(line: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#isOpen) {
      moveCursor(this.#output, 0, -this.#line.getCursorPos().rows);
      cursorTo(this.#output, 0);
      clearScreenDown(this.#output);
    }
    this.#output.write(`${line}\n`, (error) => error ? reject(error) : resolve());
    // What was typed so far comes back, with the cursor where it was.
    if (this.#isOpen) this.#line.prompt(true);
    return promise;
  }
}
