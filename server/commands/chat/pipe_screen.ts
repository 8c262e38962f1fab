/**
 * A chat without a terminal: lines come in, messages go out, and what Titan says goes to standard
 * error.
 *
 * @module
 */
import { readLines } from "./read_lines.ts";
import type { Screen } from "./screen.ts";

/** The ends of the pipes. */
export interface Pipes {
  readonly input: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly output: { write(bytes: Uint8Array): Promise<number> };
  readonly notices: (line: string) => void;
}

/** A {@linkcode Screen} of pipes. */
export class PipeScreen implements Screen {
  readonly isInteractive = false;
  readonly #pipes: Pipes;

  constructor(pipes: Pipes) {
    this.#pipes = pipes;
  }

  lines(): AsyncIterable<string> {
    return readLines(this.#pipes.input);
  }

  async message(line: string): Promise<void> {
    let bytes = new TextEncoder().encode(`${line}\n`);
    // One write may take a part only.
    while (bytes.length > 0) bytes = bytes.subarray(await this.#pipes.output.write(bytes));
  }

  notice(line: string): void {
    this.#pipes.notices(line);
  }

  prompt(): void {
    // Nobody looks.
  }

  [Symbol.dispose](): void {
    // The pipes are not ours.
  }
}
