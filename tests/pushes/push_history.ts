/**
 * What was sent to sleeping devices, and what their push service heard of it, for the checker.
 *
 * @module
 */

/** A message to one receiver. All that a receiver gets is from one sender, in order of `seq`. */
export interface SentRecord {
  /** Counted from 1. */
  readonly seq: number;
  readonly urgent: boolean;
  /** When it went, in milliseconds of the run's clock. */
  readonly sentAt: number;
  /** When its sender heard that it was accepted; undefined where nobody knows. */
  acceptedAt: number | undefined;
}

/** A user whose only device sleeps, or is here now and then. */
export interface ReceiverRecord {
  readonly user: string;
  /** The device's token at the push service. */
  readonly token: string;
  readonly sent: SentRecord[];
  /** What the device took and acknowledged. */
  readonly acknowledged: Set<number>;
}

/** A push as the push service read it. */
export interface PushRecord {
  readonly token: string;
  /** The newest message that waited when it was made: it speaks for all up to this one. */
  readonly newest: number;
  readonly urgent: boolean;
  /** When it was read. */
  readonly at: number;
  /** The life of the server that sent it, from 0. */
  readonly life: number;
  /** `held`: read, and the connection ended before it was answered. */
  state: "held" | "accepted" | "refused";
  /** When it was accepted. */
  answeredAt: number | undefined;
}

/** One life of the server. */
export interface LifeRecord {
  /** How far ahead its clock is, in milliseconds. */
  readonly aheadMs: number;
  ready: number;
  /** When it was killed or stopped; Infinity while it lives. */
  ended: number;
  /** Whether it could write what was only in memory. */
  isStopped: boolean;
}

/** Everything that happened in a run. */
export interface PushHistory {
  readonly receivers: readonly ReceiverRecord[];
  /** In the order in which they were read. */
  readonly pushes: PushRecord[];
  readonly lives: LifeRecord[];
}
