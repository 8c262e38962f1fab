/**
 * Messages that were accepted, sent once more: the server still knows their `cid`s (I5).
 *
 * @module
 */
import {
  acceptanceOf,
  type DeviceRecord,
  type History,
  type SentRecord,
} from "../crash/history.ts";
import type { TestClient } from "../harness/client.ts";

/** A message that was accepted, and the answer that it got. */
export interface Accepted {
  readonly to: string;
  readonly text: string;
  readonly cid: string | undefined;
  readonly id: string | undefined;
}

/** Messages that are sent again in one look, all senders together. */
const REPEATS_MAX = 300;

/** Senders of a round. */
export function sendersOf({ devices }: History): readonly DeviceRecord[] {
  return devices.filter(({ sent }) => sent.length > 0);
}

/**
 * Some of what a sender had the acknowledgement of by a moment: the newest, which the journal still
 * may hold, and as many from all over the rest, which became rows long ago.
 *
 * @param senders so many share what is sent again
 */
export function sampleOf({ sent }: DeviceRecord, senders: number, until: number): SentRecord[] {
  const accepted = sent.filter((one) => (acceptanceOf(one)?.at ?? Infinity) <= until);
  const half = Math.ceil(REPEATS_MAX / Math.max(1, senders) / 2);
  const older = accepted.slice(0, -half);
  const step = Math.max(1, older.length / half);
  const spread = older.filter((_, index) =>
    Math.floor(index / step) !== Math.floor((index - 1) / step)
  );
  return [...spread, ...accepted.slice(-half)];
}

/** What {@linkcode repeat} needs of a message. */
export function acceptedOf(sent: SentRecord): Accepted {
  const { to, text, cid } = sent;
  return { to, text, cid, id: acceptanceOf(sent)?.id };
}

/** Sends one again. @returns what is wrong with the answer; null: it is the first one */
export async function repeat(client: TestClient, message: Accepted): Promise<string | null> {
  const { to, text, cid } = message;
  const { accepted, rejected } = await client.sendMessages([{ to, message: text, cid }]);
  const { id, duplicate } = accepted[0] ?? {};
  if (id === message.id && duplicate === true) return null;
  return rejected[0] === undefined
    ? `got ${id}, duplicate: ${duplicate}, and first had ${message.id}`
    : `was refused with ${rejected[0].code}`;
}
