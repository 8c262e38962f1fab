/**
 * Work that takes its time: it is seen to go on, and can be stopped.
 *
 * @module
 */
import { setPriority } from "node:os";
import { CommandError, EXIT } from "../exit.ts";
import { ExportProgress } from "../export_progress.ts";
import type { Program } from "../program.ts";
import { StopSignals } from "../stop_signals.ts";

/** The lowest priority of a process. */
const LOWEST = 19;

/**
 * Gives way to all others on this machine, and so to the server: without it a backup took half of
 * the rate at which a busy server delivers. Where Titan may not (`--allow-sys=setPriority`), `nice`
 * does the same.
 */
export function giveWay(): void {
  try {
    setPriority(0, LOWEST);
  } catch {
    // It only takes more from others.
  }
}

/** Work under way. Disposing of it says that it is over. */
export class LongWork implements Disposable {
  readonly #progress: ExportProgress;
  readonly #stop: StopSignals;
  #signal: Deno.Signal | null = null;

  /** Begins to listen for signals, and to count the time. */
  constructor({ clock }: Program) {
    const write = (text: string) => void Deno.stderr.writeSync(new TextEncoder().encode(text));
    const monotonic = () => clock.monotonic();
    this.#progress = new ExportProgress({
      monotonic,
      write: Deno.stderr.isTerminal() ? write : undefined,
    });
    this.#stop = new StopSignals({
      source: Deno,
      monotonic,
      again: () => Deno.exit(EXIT.failed),
    });
    this.#stop.first.then((signal) => this.#signal = signal);
  }

  /** Says how far it is. @throws {CommandError} somebody wants it stopped. */
  note(rows: number, of?: number): void {
    if (this.#signal !== null) throw new CommandError(`Stopped by ${this.#signal}`);
    this.#progress.note(rows, of === undefined ? "rows" : `of ${of} rows`);
  }

  [Symbol.dispose](): void {
    this.#stop[Symbol.dispose]();
    this.#progress[Symbol.dispose]();
  }
}
