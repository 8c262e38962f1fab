/**
 * A screen that remembers what it shows, and whose lines the test types.
 *
 * @module
 */
import { Changes } from "../../../tests/harness/wait_for.ts";
import type { Screen } from "./screen.ts";

/** A screen for tests. */
export class FakeScreen implements Screen {
  readonly isInteractive: boolean;
  /** Messages and notices in the order in which they were shown. */
  readonly shown: string[] = [];
  readonly prompts: string[] = [];
  /** What showing a message fails with. */
  failure: Error | null = null;
  readonly #changes = new Changes();
  readonly #lines = new TransformStream<string, string>();
  readonly #keyboard = this.#lines.writable.getWriter();

  constructor(isInteractive = false) {
    this.isInteractive = isInteractive;
  }

  lines(): AsyncIterable<string> {
    return this.#lines.readable;
  }

  async message(line: string): Promise<void> {
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
    this.notice(line);
  }

  notice(line: string): void {
    this.shown.push(line);
    this.#changes.note();
  }

  prompt(receiver: string): void {
    this.prompts.push(receiver);
  }

  /** Types lines. */
  type(...lines: readonly string[]): void {
    for (const line of lines) this.#keyboard.write(line).catch(() => {});
  }

  /** Ends what is typed. */
  endInput(): void {
    this.#keyboard.close().catch(() => {});
  }

  /** Waits until something is shown. */
  async until(pattern: RegExp): Promise<string> {
    const state = () => this.shown.join("\n");
    return await this.#changes.until(
      () => this.shown.find((line) => pattern.test(line)),
      `${pattern} on the screen`,
      { state },
    );
  }

  [Symbol.dispose](): void {
    // Nothing is held.
  }
}
