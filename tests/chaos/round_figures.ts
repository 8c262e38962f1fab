/**
 * What one round was like, in numbers.
 *
 * @module
 */
import { acceptanceOf, type DeviceRecord, type History } from "../crash/history.ts";

/** When what happened, in milliseconds of the load's clock. */
export interface Moments {
  /** When the server was harmed. */
  readonly harmed: number;
  /** When the harm was over: from then on it has to be served again. */
  readonly released: number;
  /** Whether only a connection that began after `harmed` shows that it is served again. */
  readonly isNewServer: boolean;
}

/** A round in numbers. Times are milliseconds; undefined: it did not happen. */
export interface RoundFigures {
  /** From the harm to its end. */
  readonly harmMs: number;
  /** From the end of the harm to the first acknowledgement after it. */
  readonly firstAckMs: number | undefined;
  /**
   * From the end of the harm until all that was accepted before had reached those who are there
   * and acknowledge what they get.
   */
  readonly deliveredMs: number | undefined;
  /** The longest time in which nobody had an acknowledgement, before the harm, and from it on. */
  readonly pauseBeforeMs: number;
  readonly pauseMs: number;
  /** From the harm to the beginning of that. */
  readonly pauseAfterMs: number;
  /** Messages that were acknowledged to their senders. */
  readonly accepted: number;
  /** Messages that came to a device for the first time. */
  readonly delivered: number;
  /** Messages that came to a device again, under the id that they had. */
  readonly redelivered: number;
  /** Times that a message was sent again under its `cid`. */
  readonly resent: number;
  /** Of those, answered with the id that it had already. */
  readonly duplicates: number;
  /** Times that a message was refused and had to be tried again, in all and before the harm. */
  readonly refused: number;
  readonly refusedBefore: number;
  /** Connections that were made. */
  readonly connections: number;
  /** From a message to its acknowledgement, the 99th percentile, before the harm and after it. */
  readonly p99BeforeMs: number | undefined;
  readonly p99AfterMs: number | undefined;
}

/** After the end of a harm the first messages are not ordinary ones: they are not in `p99AfterMs`. */
const SETTLE_MS = 2000;

/** Code gets hot, buffers find their size: not in `p99BeforeMs`. */
const WARM_UP_MS = 1000;

/**
 * Counts what happened in a round.
 *
 * @param end when its senders stopped
 */
export function roundFigures(history: History, moments: Moments, end: number): RoundFigures {
  const { harmed, released } = moments;
  const acks = acknowledgements(history);
  const start = acks[0]?.at ?? harmed;
  const attempts = history.devices.flatMap(({ sent }) => sent.map(({ attempts }) => attempts));
  const answers = attempts.flat().flatMap(({ answer }) => answer ?? []);
  const refusals = answers.filter(({ kind }) => kind === "refused");
  const times = acks.map(({ at }) => at);
  const pause = longestPause([harmed, ...times.filter((at) => at > harmed && at < end), end]);
  const firstAck = acks.find(({ at, since }) =>
    at > released && (!moments.isNewServer || since > harmed)
  );
  const devices = arrivals(history);
  return {
    harmMs: released - harmed,
    firstAckMs: firstAck === undefined ? undefined : firstAck.at - released,
    deliveredMs: deliveredAfter(history, released),
    pauseBeforeMs: longestPause(times.filter((at) => at > start + WARM_UP_MS && at <= harmed)).ms,
    pauseMs: pause.ms,
    pauseAfterMs: pause.from - harmed,
    accepted: attempts.filter((list) => list.some(({ answer }) => answer?.kind === "accepted"))
      .length,
    delivered: devices.reduce((sum, { first }) => sum + first.size, 0),
    redelivered: devices.reduce((sum, { first, all }) => sum + all - first.size, 0),
    resent: attempts.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0),
    duplicates: answers.filter((answer) => answer.kind === "accepted" && answer.duplicate).length,
    refused: refusals.length,
    refusedBefore: refusals.filter(({ at }) => at < harmed).length,
    connections: history.devices.reduce((sum, { connections }) => sum + connections.length, 0),
    p99BeforeMs: p99(acks.filter(({ sent, at }) => sent > start + WARM_UP_MS && at < harmed)),
    p99AfterMs: p99(acks.filter(({ sent, at }) => sent > released + SETTLE_MS && at < end)),
  };
}

interface Acknowledgement {
  /** When the message was handed to the connection, and when its acknowledgement came. */
  readonly sent: number;
  readonly at: number;
  /** Since when the connection was there. */
  readonly since: number;
}

/** All acknowledgements, in order. */
function acknowledgements({ devices }: History): readonly Acknowledgement[] {
  const acks: Acknowledgement[] = [];
  for (const { sent, connections } of devices) {
    for (const { attempts } of sent) {
      for (const { connection, at, answer } of attempts) {
        if (answer?.kind !== "accepted") continue;
        acks.push({ sent: at, at: answer.at, since: connections[connection]?.since ?? Infinity });
      }
    }
  }
  return acks.sort((a, b) => a.at - b.at);
}

/** When each text first came to each device, and how many came in all. */
function arrivals({ devices }: History) {
  return devices.map((device) => {
    const first = new Map<string, number>();
    let all = 0;
    for (const { deliveries } of device.connections) {
      all += deliveries.length;
      for (const { text, at } of deliveries) if (!first.has(text)) first.set(text, at);
    }
    return { device, first, all };
  });
}

/**
 * How long it took until what was accepted before a moment had come to the first devices of its
 * receivers. Who acknowledges nothing gets no more than a window of it before the drain.
 */
function deliveredAfter(history: History, released: number): number | undefined {
  const receivers = new Map<string, ReadonlyMap<string, number>>();
  for (const { device, first } of arrivals(history)) {
    if (isAttentive(device) && !receivers.has(device.user)) receivers.set(device.user, first);
  }
  let last = released;
  for (const { sent } of history.devices) {
    for (const message of sent) {
      const first = receivers.get(message.to);
      if (first === undefined || (acceptanceOf(message)?.at ?? Infinity) > released) continue;
      const at = first.get(message.text);
      if (at === undefined) return undefined;
      last = Math.max(last, at);
    }
  }
  return last - released;
}

/** Whether a device took the first thing that it got within its patience. */
function isAttentive({ connections }: DeviceRecord): boolean {
  const [first] = connections.flatMap(({ deliveries }) => deliveries);
  return first?.answer !== undefined && first.answer.at - first.at < SETTLE_MS;
}

function longestPause(moments: readonly number[]): { readonly from: number; readonly ms: number } {
  let longest = { from: moments[0] ?? 0, ms: 0 };
  for (const [index, at] of moments.entries()) {
    const from = moments[index - 1] ?? at;
    if (at - from > longest.ms) longest = { from, ms: at - from };
  }
  return longest;
}

function p99(acks: readonly Acknowledgement[]): number | undefined {
  const times = acks.map(({ sent, at }) => at - sent).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.99)];
}
