/**
 * What is kept of one message: who, when, and the steps; nothing of its text.
 *
 * @module
 */
import { TRACE_STEPS_MAX } from "../../limits.ts";
import type { MessageTrace, TraceStep } from "../../rpc/mod.ts";
import type { Entry, Position } from "../../store/mod.ts";
import type { SpansOfMessage } from "./message_spans.ts";
import type { TraceRing } from "./trace_ring.ts";

/** What a trace and a step take in memory, about: measured, with their places in all tables. */
const TRACE_BYTES = 400;
const STEP_BYTES = 120;

/** The trace of one message, as long as it goes on. */
export class TraceRecord {
  readonly id: string;
  readonly sender: string;
  readonly to: string;
  readonly position: Position;
  /** When it was accepted, in milliseconds since 1970. */
  readonly accepted: number;
  readonly expires: number;
  /** Where it is kept; null where it is not any more. */
  ring: TraceRing | null = null;
  /** About. */
  bytes: number;
  readonly #committed: number;
  readonly #spans: SpansOfMessage | null;
  readonly #steps: TraceStep[] = [];
  readonly #acknowledgedBy: string[] = [];
  #leftOut = 0;

  /**
   * @param committed when it was on disk, in milliseconds since 1970
   * @param spans told of every step; null where OpenTelemetry is off
   */
  constructor(entry: Entry, committed: number, spans: SpansOfMessage | null = null) {
    const { id, sender, to, position, time, expires } = entry;
    this.id = id;
    this.sender = sender;
    this.to = to;
    this.position = position;
    this.accepted = time;
    this.expires = expires;
    this.#committed = committed;
    this.#spans = spans;
    this.bytes = TRACE_BYTES + sender.length + to.length;
  }

  /** Notes a step. Of many the first half of what there is room for is kept, and the newest. */
  add(step: TraceStep): void {
    const { user = "", device = "" } = step;
    if (step.step === "acknowledged") this.#acknowledgedBy.push(keyOf(user, device));
    this.#spans?.step(step);
    this.#steps.push(step);
    let bytes = bytesOf(step);
    if (this.#steps.length > TRACE_STEPS_MAX) {
      for (const dropped of this.#steps.splice(TRACE_STEPS_MAX / 2, 1)) bytes -= bytesOf(dropped);
      this.#leftOut++;
    }
    this.bytes += bytes;
    this.ring?.grew(bytes);
  }

  /** Nothing more is noted of it. */
  end(now: number): void {
    this.#spans?.end(now);
  }

  /** Whether a device has acknowledged it. */
  isDone(user: string, device: string): boolean {
    return this.#acknowledgedBy.includes(keyOf(user, device));
  }

  /** What is known by now. */
  toTrace(now: number): MessageTrace {
    const { id, sender, to, accepted, expires } = this;
    const steps: TraceStep[] = [
      { step: "accepted", at: accepted },
      { step: "committed", at: this.#committed },
      ...this.#steps,
    ];
    // Nobody has to tell it: what is past its time is never delivered again.
    if (expires <= now && this.#acknowledgedBy.length === 0) {
      steps.push({ step: "expired", at: expires });
    }
    return { id, sender, to, expires, steps, leftOut: this.#leftOut };
  }
}

function bytesOf({ device = "", reason = "" }: TraceStep): number {
  return STEP_BYTES + device.length + reason.length;
}

function keyOf(user: string, device: string): string {
  // No id holds a control character.
  return user + "\n" + device;
}
