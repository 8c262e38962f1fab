/**
 * Where a chat is shown and typed: `terminal_screen.ts` and `pipe_screen.ts`.
 *
 * @module
 */

/** Where a chat is shown and typed. Disposing of it gives the terminal back. */
export interface Screen extends Disposable {
  /** Whether somebody sits there. */
  readonly isInteractive: boolean;
  /** What is typed, line by line, until its end. */
  lines(): AsyncIterable<string>;
  /**
   * Shows a message of somebody. Resolves when it is out.
   *
   * @throws {Error} nobody can see it.
   */
  message(line: string): Promise<void>;
  /** Shows something that Titan says. */
  notice(line: string): void;
  /** Shows who will get what is typed. */
  prompt(receiver: string): void;
}
