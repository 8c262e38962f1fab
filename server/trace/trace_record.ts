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
const TRACE_BYTES = 460;
const STEP_BYTES = 90;

const NO_STEPS: readonly TraceStep[] = [];

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
  #steps: readonly TraceStep[] = NO_STEPS;
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
    this.#spans?.step(step);
    let bytes = bytesOf(step);
    // A list that is made anew has no room to spare, and most of them stay short.
    const steps = [...this.#steps, step];
    if (steps.length > TRACE_STEPS_MAX) {
      for (const dropped of steps.splice(placeToDrop(steps), 1)) bytes -= bytesOf(dropped);
      this.#leftOut++;
    }
    this.#steps = steps;
    this.bytes += bytes;
    this.ring?.grew(bytes);
  }

  /** Nothing more is noted of it. */
  end(now: number): void {
    this.#spans?.end(now);
  }

  /** Whether a device has acknowledged it. */
  isDone(user: string, device: string): boolean {
    return this.#steps.some((it) =>
      isAcknowledgement(it) && it.device === device && it.user === user
    );
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
    const isReceived = this.#steps.some((step) => isAcknowledgement(step) && step.user === to);
    if (expires <= now && !isReceived) {
      steps.push({ step: "expired", at: expires });
    }
    return { id, sender, to, expires, steps, leftOut: this.#leftOut };
  }
}

function bytesOf({ device = "", reason = "" }: TraceStep): number {
  return STEP_BYTES + device.length + reason.length;
}

function isAcknowledgement({ step }: TraceStep): boolean {
  return step === "acknowledged";
}

/** What can be left out best: the oldest of the second half, but no acknowledgement. */
function placeToDrop(steps: readonly TraceStep[]): number {
  const half = TRACE_STEPS_MAX / 2;
  return steps.findIndex((step, at) => at >= half && !isAcknowledgement(step));
}
