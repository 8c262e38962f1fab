/**
 * What the parts of the server count: plain numbers and buckets that are there from the start, for
 * every message passes here. Whoever asks reads them; see `metrics.ts`.
 *
 * @module
 */
import { RpcTally } from "../../rpc/mod.ts";
import type { WrittenCommit } from "../../store/mod.ts";
import { CLOSE } from "../close_code.ts";
import { Histogram } from "./histogram.ts";

/** From a commit on a fast disk to one on a disk in trouble, in milliseconds. */
const COMMIT_MS = [0.5, 1, 2, 3, 5, 7.5, 10, 15, 25, 50, 100, 250, 500, 1000, 5000];

/** From a single message to a full batch, in bytes. */
const COMMIT_BYTES = [256, 1024, 4096, 16_384, 65_536, 131_072, 262_144, 524_288, 655_360];

/** The same in messages. */
const COMMIT_MESSAGES = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000];

/** From a message that waits for one commit to a server that is lost, in milliseconds. */
const ACK_MS = [1, 2, 3, 5, 7, 10, 15, 25, 50, 100, 250, 500, 1000, 2500, 10_000];

/** From two people who talk to one who comes back from holidays, in milliseconds. */
const DELIVERED_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 5000, 30_000],
  ...[300_000, 3_600_000, 86_400_000, 604_800_000],
];

/** From a push service that is near to one that is lost, in milliseconds. */
const PUSH_MS = [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/** From a free thread to one that is held up, in milliseconds. */
const DELAY_MS = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 5000];

/** Why somebody is not taken in, and is to come back later. */
export type Refusal = "crowded" | "draining" | "overloaded";

const REFUSALS: readonly Refusal[] = ["crowded", "draining", "overloaded"];

const CODES = Object.values(CLOSE).map(({ code }) => code);

/** What never came is 0, so that a first is seen. */
function zeros<T>(keys: readonly T[]): Map<T, number> {
  return new Map(keys.map((key) => [key, 0]));
}

/** Counts since the start. */
export class Telemetry {
  /** What is asked of the server, and what it answers. */
  readonly rpc = new RpcTally();
  /** WebSocket connections that were taken in. */
  opened = 0;
  /** Of those that are over, how many by each close code; 0: the client ended it. */
  readonly closed: Map<number, number> = zeros([0, ...CODES]);
  /** Requests by `POST /rpc`. */
  posts = 0;
  /** Connections and `POST /rpc` that were not taken in, by why. */
  readonly refused: Map<Refusal, number> = zeros(REFUSALS);
  /** Messages that were refused because the server has too much to do. */
  sendsShed = 0;
  /** Messages and receipts that are on disk. */
  messages = 0;
  /** The bytes of their bodies. */
  messageBytes = 0;
  /** Messages that were sent to devices, those sent again included. */
  sent = 0;
  /** Of those, the ones that were sent again. */
  redelivered = 0;
  /** Messages that a first device has acknowledged. */
  delivered = 0;
  /** Messages that a device refused too often. */
  setAside = 0;
  /** Commits that the disk did not take. */
  commitsRefused = 0;
  /** Commits by how long they took. */
  readonly commitMs = new Histogram(COMMIT_MS);
  /** Commits by their bytes. */
  readonly commitBytes = new Histogram(COMMIT_BYTES);
  /** Commits by how many messages and receipts are in them. */
  readonly commitMessages = new Histogram(COMMIT_MESSAGES);
  /** From the acceptance of a message to the moment its sender is told, by the wall clock. */
  readonly ackMs = new Histogram(ACK_MS);
  /** From the acceptance of a message to its first acknowledgement, by the wall clock. */
  readonly deliveredMs = new Histogram(DELIVERED_MS);
  /** From giving a push to its service to the service's answer. */
  readonly pushMs = new Histogram(PUSH_MS);
  /** How late timers are. */
  readonly delayMs = new Histogram(DELAY_MS);

  /** A commit is on disk: whoever waits for it is told next. @param now milliseconds since 1970 */
  wrote({ ms, bytes, entries }: WrittenCommit, now: number): void {
    this.commitMs.observe(ms);
    this.commitBytes.observe(bytes);
    this.commitMessages.observe(entries.length);
    this.messages += entries.length;
    for (const entry of entries) {
      this.messageBytes += entry.bytes;
      if (entry.kind === "message") this.ackMs.observe(now - entry.time);
    }
  }

  /** A connection is over. @param code what it was told; 0: its client ended it */
  ended(code: number): void {
    this.closed.set(code, (this.closed.get(code) ?? 0) + 1);
  }

  /** Somebody was not taken in, and is to come back later. */
  refuse(why: Refusal): void {
    this.refused.set(why, (this.refused.get(why) ?? 0) + 1);
  }
}
