/**
 * Notes what becomes of messages. It is told of each, and keeps the traces of a sample in memory:
 * a message that is not in it costs a look at its id.
 *
 * @module
 */
import {
  TRACE_MS_MAX,
  TRACES_BYTES_MAX,
  TRACES_MAX,
  TRACES_SAMPLE,
  TRACES_SAMPLED_MAX,
} from "../../limits.ts";
import type { PushOutcome, PushProvider } from "../../push/mod.ts";
import type { Identity, MessageTrace, Traces, TraceStep } from "../../rpc/mod.ts";
import type { Entry, Position, WrittenCommit } from "../../store/mod.ts";
import type { MessageSpans } from "./message_spans.ts";
import { TraceRecord } from "./trace_record.ts";
import { TraceRing } from "./trace_ring.ts";
import { isKeptOn, TraceSample } from "./trace_sample.ts";

/** What a {@linkcode Tracer} is made of. */
export interface TracerParts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Tells OpenTelemetry of the messages that are traced; undefined where that is off. */
  readonly spans?: MessageSpans | undefined;
  /** How many of the newest are kept. @default {TRACES_MAX} */
  readonly recent?: number;
  /** How many older ones. @default {TRACES_SAMPLED_MAX} */
  readonly sampled?: number;
  /** Bytes of each of the two. @default {TRACES_BYTES_MAX} */
  readonly bytes?: number;
}

/** A message that was written to a connection. */
export interface TracedDelivery {
  /** The message. */
  readonly entry: Entry;
  /** Deliveries of it to this device before. */
  readonly redelivered: number;
}

/** What a device answered. */
export interface TracedAnswer {
  /** It has these. */
  readonly acknowledged: readonly TracedDelivery[];
  /** It cannot process these. */
  readonly refused: readonly TracedDelivery[];
}

/** A push that is given to a push service. */
export interface TracedPush extends Identity {
  /** Who pushes. */
  readonly provider: PushProvider["name"];
  /** The device has everything up to here, or was never meant to get it. */
  readonly after: Position;
  /** It speaks for everything behind that, up to here. */
  readonly upTo: Position;
}

/** Notes what the push service said. */
export type PushAnswered = (outcome: PushOutcome) => void;

/** How often it is looked what is too old, in milliseconds. */
const DROP_MS = 60_000;

const UNTRACED: PushAnswered = () => {};

/** The traces of a server. */
export class Tracer implements Traces {
  readonly #now: () => number;
  readonly #spans: MessageSpans | undefined;
  readonly #sample = new TraceSample();
  /** The newest. */
  readonly #recent: TraceRing;
  /** One in {@linkcode TRACES_SAMPLE} of those that are older. */
  readonly #sampled: TraceRing;
  /** When it is looked what is too old by now, in milliseconds since 1970. */
  #dropDue = 0;
  /** All of them by their receivers, for pushes. */
  readonly #receivers = new Map<string, Set<TraceRecord>>();

  /** Begins with nothing: what an earlier process noted is gone. */
  constructor(parts: TracerParts) {
    const { recent = TRACES_MAX, sampled = TRACES_SAMPLED_MAX, bytes = TRACES_BYTES_MAX } = parts;
    this.#now = parts.now;
    this.#spans = parts.spans;
    const forget = (trace: TraceRecord) => this.#forget(trace);
    this.#sampled = new TraceRing({ entries: sampled, bytes, evicted: forget });
    this.#recent = new TraceRing({ entries: recent, bytes, evicted: (it) => this.#keepOn(it) });
  }

  /** How many messages are traced. */
  get size(): number {
    return this.#recent.size + this.#sampled.size;
  }

  /** A commit is on disk: told before anybody hears of what is in it. */
  committed(commit: WrittenCommit, now: number): void {
    const { entries } = commit;
    if (entries.length === 0) return;
    if (now >= this.#dropDue || now < this.#dropDue - DROP_MS) this.#dropOld(now);
    this.#sample.count(entries.length, now);
    for (const entry of entries) {
      if (entry.kind === "message" && this.#sample.has(entry.id)) this.#begin(entry, commit, now);
    }
  }

  /** Messages were written to the connection of a device. */
  written(batch: readonly TracedDelivery[], { user, device }: Identity): void {
    for (const { entry, redelivered } of batch) {
      this.#of(entry)?.add({ step: "written", at: this.#now(), user, device, redelivered });
    }
  }

  /** A device answered. */
  answered({ acknowledged, refused }: TracedAnswer, { user, device }: Identity): void {
    for (const { entry } of acknowledged) {
      this.#of(entry)?.add({ step: "acknowledged", at: this.#now(), user, device });
    }
    for (const { entry } of refused) {
      this.#of(entry)?.add({ step: "refused", at: this.#now(), user, device });
    }
  }

  /** A device refused a message as often as is allowed. */
  setAside(entry: Entry, { user, device }: Identity): void {
    this.#of(entry)?.add({ step: "set_aside", at: this.#now(), user, device });
  }

  /** A push goes to a device: it speaks for all that the device has not acknowledged. */
  pushSent({ user, device, provider, after, upTo }: TracedPush): PushAnswered {
    const now = this.#now();
    const traces = [...this.#receivers.get(user) ?? []].filter((trace) =>
      trace.position > after && trace.position <= upTo && trace.expires > now &&
      !trace.isDone(user, device)
    );
    if (traces.length === 0) return UNTRACED;
    const step = { step: "push_sent" as const, at: now, user, device, provider };
    for (const trace of traces) trace.add(step);
    return (outcome) => {
      const step = answerOf(outcome, { at: this.#now(), user, device, provider });
      for (const trace of traces) trace.add(step);
    };
  }

  /** A user was removed: nothing is known of what they sent and were sent. */
  forgetUser(user: string): void {
    const isTheirs = ({ sender, to }: TraceRecord) => sender === user || to === user;
    for (const ring of [this.#recent, this.#sampled]) {
      ring.dropAll(isTheirs, (trace) => this.#forget(trace));
    }
  }

  /** What became of a message; null where it is not traced, or not any more. */
  find(id: string): MessageTrace | null {
    const now = this.#now();
    const trace = this.#recent.get(id) ?? this.#sampled.get(id);
    return trace === undefined || isTooOld(trace, now) ? null : trace.toTrace(now);
  }

  #of({ id, time }: Entry): TraceRecord | undefined {
    if (this.#sample.leftOut(id, time)) return undefined;
    return this.#recent.get(id) ?? this.#sampled.get(id);
  }

  #begin(entry: Entry, commit: WrittenCommit, now: number): void {
    const spans = this.#spans?.committed(entry, commit, now) ?? null;
    const trace = new TraceRecord(entry, now, spans);
    const others = this.#receivers.get(entry.to);
    if (others === undefined) this.#receivers.set(entry.to, new Set([trace]));
    else others.add(trace);
    this.#recent.add(trace);
  }

  #dropOld(now: number): void {
    this.#dropDue = now + DROP_MS;
    const forget = (trace: TraceRecord) => this.#forget(trace);
    this.#recent.dropBefore(now - TRACE_MS_MAX, forget);
    this.#sampled.dropBefore(now - TRACE_MS_MAX, forget);
  }

  #keepOn(trace: TraceRecord): void {
    if (isKeptOn(trace.id, TRACES_SAMPLE)) this.#sampled.add(trace);
    else this.#forget(trace);
  }

  #forget(trace: TraceRecord): void {
    trace.end(this.#now());
    const others = this.#receivers.get(trace.to);
    others?.delete(trace);
    if (others?.size === 0) this.#receivers.delete(trace.to);
  }
}

function isTooOld({ accepted }: TraceRecord, now: number): boolean {
  return accepted < now - TRACE_MS_MAX;
}

function answerOf(outcome: PushOutcome, push: Omit<TraceStep, "step">): TraceStep {
  const reason = "reason" in outcome ? { reason: outcome.reason } : {};
  return { step: "push_answered", ...push, answer: outcome.kind, ...reason };
}
