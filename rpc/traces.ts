/**
 * What became of a message, step by step. It holds nothing of its text.
 *
 * @module
 */

/** What can happen to a message. */
export const TRACE_STEPS = [
  /** The server took it in. */
  "accepted",
  /** It is on disk. */
  "committed",
  /** It was written to the connection of a device; there may be several: it was delivered again. */
  "written",
  /** The device acknowledged it. */
  "acknowledged",
  /** The device answered that it cannot process it. */
  "refused",
  /** The device refused it as often as is allowed, and is not sent it again. */
  "set_aside",
  /** A push service was given a push that speaks for it, perhaps among others. */
  "push_sent",
  /** What the push service said. */
  "push_answered",
  /** Its time passed before any device of the receiver had acknowledged it. */
  "expired",
] as const;

/** What a push service can say: the kinds of a push's outcome. */
export const PUSH_ANSWERS = [
  "accepted",
  "unregistered",
  "rejected",
  "retry",
  "misconfigured",
] as const;

/** Who pushes; `log`: pushes are only logged. */
export const TRACE_PROVIDERS = ["fcm", "apns", "web", "log"] as const;

/** One step. */
export interface TraceStep {
  /** What happened. */
  readonly step: typeof TRACE_STEPS[number];
  /** When, in milliseconds since 1970. */
  readonly at: number;
  /** Whose device it was: the receiver's, or another one of the sender's. */
  readonly user?: string;
  /** Which of their devices. */
  readonly device?: string;
  /** Of `written`: deliveries to this device before. */
  readonly redelivered?: number;
  /** Of a push: who pushes. */
  readonly provider?: typeof TRACE_PROVIDERS[number];
  /** Of `push_answered`: what the push service said. */
  readonly answer?: typeof PUSH_ANSWERS[number];
  /** The same in its own words, where it was not `accepted`. */
  readonly reason?: string;
}

/** What became of a message. */
export interface MessageTrace {
  /** The id of the message. */
  readonly id: string;
  /** Who sent it. */
  readonly sender: string;
  /** Whose mailbox it went to. */
  readonly to: string;
  /** When it stops being deliverable, in milliseconds since 1970. */
  readonly expires: number;
  /** In the order in which they happened; the first is `accepted`. */
  readonly steps: readonly TraceStep[];
  /** Steps in the middle that were not kept. */
  readonly leftOut: number;
}

/** Where it is known what became of messages. */
export interface Traces {
  /** What became of a message; null where nothing is known of such a one. */
  find(id: string): MessageTrace | null;
}
