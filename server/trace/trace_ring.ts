/**
 * Traces in the order in which they came, bounded by number, size and age.
 *
 * @module
 */
import type { TraceRecord } from "./trace_record.ts";

/** What a {@linkcode TraceRing} holds at the most. */
export interface TraceRingOptions {
  /** So many traces. */
  readonly entries: number;
  /** So many bytes of them, about. */
  readonly bytes: number;
  /** Where those go that have no room: the oldest first. */
  readonly evicted: (trace: TraceRecord) => void;
}

/** Where there is no room, the oldest 64th goes at once: looking for the oldest is slow in a map. */
const EVICTED_SHARE = 64;

/** Traces by the ids of their messages. */
export class TraceRing {
  readonly #options: TraceRingOptions;
  /** In the order in which they were added. */
  readonly #traces = new Map<string, TraceRecord>();
  #bytes = 0;

  /** Begins empty. */
  constructor(options: TraceRingOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#traces.size;
  }

  /** The sum of their sizes, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The trace of a message. */
  get(id: string): TraceRecord | undefined {
    return this.#traces.get(id);
  }

  /** Takes in a trace that is newer than all others here. */
  add(trace: TraceRecord): void {
    this.#traces.set(trace.id, trace);
    trace.ring = this;
    this.grew(trace.bytes);
  }

  /** A trace here has become larger. */
  grew(bytes: number): void {
    this.#bytes += bytes;
    const { entries, bytes: bytesMax, evicted } = this.#options;
    if (this.#traces.size <= entries && this.#bytes <= bytesMax) return;
    const entriesKept = Math.floor(entries - entries / EVICTED_SHARE);
    const bytesKept = bytesMax - bytesMax / EVICTED_SHARE;
    this.#dropWhile(
      () => this.#traces.size > entriesKept || this.#bytes > bytesKept,
      evicted,
    );
  }

  /** Takes out those that were accepted before a time, as far as they are the oldest. */
  dropBefore(time: number, dropped: (trace: TraceRecord) => void): void {
    this.#dropWhile((trace) => trace.accepted < time, dropped);
  }

  /** Takes out those of some kind, wherever they are. */
  dropAll(isDue: (trace: TraceRecord) => boolean, dropped: (trace: TraceRecord) => void): void {
    for (const trace of this.#traces.values()) if (isDue(trace)) this.#drop(trace, dropped);
  }

  /** Takes out the oldest, one after another. */
  #dropWhile(
    isDue: (oldest: TraceRecord) => boolean,
    dropped: (trace: TraceRecord) => void,
  ): void {
    for (const trace of this.#traces.values()) {
      if (!isDue(trace)) return;
      this.#drop(trace, dropped);
    }
  }

  #drop(trace: TraceRecord, dropped: (trace: TraceRecord) => void): void {
    this.#traces.delete(trace.id);
    this.#bytes -= trace.bytes;
    trace.ring = null;
    dropped(trace);
  }
}
