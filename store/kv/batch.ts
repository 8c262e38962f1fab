/**
 * What waits for a commit together.
 *
 * @module
 */
import type { Write } from "./database.ts";
import { entryLine, type StoredEntry } from "./lines.ts";

/** What one commit holds. */
export class Batch {
  readonly entries: StoredEntry[] = [];
  readonly writes: Write[] = [];
  readonly lines: string[] = [];
  bytes = 0;
  readonly #done = Promise.withResolvers<void>();

  /** Resolves when the batch is on disk, rejects when it is not and never will be. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Adds an entry and its line. */
  addEntry(entry: StoredEntry): void {
    this.entries.push(entry);
    this.lines.push(entryLine(entry));
  }

  /** Settles {@linkcode done}. */
  finish(error?: Error): void {
    if (error === undefined) return this.#done.resolve();
    // Whoever added to the batch awaits it; a batch of cursors alone is awaited by nobody.
    this.#done.promise.catch(() => {});
    this.#done.reject(error);
  }
}

/** At most so many bytes an entry has in a batch. */
export function entryBytes(entry: { bytes: number; to: string; sender: string }): number {
  return entry.bytes + 3 * (entry.to.length + 2 * entry.sender.length) + ENVELOPE_BYTES;
}

/** At most so many bytes the other fields of an entry's line have. */
const ENVELOPE_BYTES = 640;
