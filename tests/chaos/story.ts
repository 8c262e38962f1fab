/**
 * A small history for tests: one sender, and the two devices of one receiver.
 *
 * @module
 */
import type { ConnectionRecord, DeviceRecord, History, SentRecord } from "../crash/history.ts";

/** Milliseconds between two messages, to the acknowledgement of one, and to its delivery. */
export const STEP_MS = 10;

/** When a message is sent, by its number, from 1. */
export function sentAt(seq: number): number {
  return 1000 + seq * STEP_MS;
}

/**
 * Alice sends Bob messages, each of which is acknowledged 1 ms later and comes to Bob's phone 2 ms
 * later. Bob's tablet was there once, and is away.
 */
export function story(count: number): {
  readonly history: History;
  readonly sent: SentRecord[];
  readonly phone: DeviceRecord;
  readonly tablet: DeviceRecord;
} {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const alice = device("alice", "default", numbers.map(message));
  const phone = device("bob", "phone", []);
  const tablet = device("bob", "tablet", []);
  for (const seq of numbers) {
    const at = sentAt(seq) + 2;
    connectionOf(phone).deliveries.push({
      ...{ id: `id${seq}`, from: "alice", to: "bob", time: "then", text: `text ${seq}` },
      ...{ redelivered: 0, at, answer: { kind: "acknowledged", at: at + 1 } },
    });
  }
  const lives = [{ started: 0, ready: 0, killed: Infinity, end: "lives" }];
  const history = {
    devices: [alice, phone, tablet],
    people: [],
    lives,
    refusals: new Set<number>(),
  };
  return { history, sent: alice.sent, phone, tablet };
}

/** The one connection of a device. */
export function connectionOf({ connections: [connection] }: DeviceRecord): ConnectionRecord {
  if (connection === undefined) throw new Error("There is no connection");
  return connection;
}

function message(seq: number): SentRecord {
  const at = sentAt(seq);
  const answer = { kind: "accepted", at: at + 1, id: `id${seq}`, time: "then", duplicate: false };
  return {
    ...{ to: "bob", seq, text: `text ${seq}`, cid: `cid${seq}`, receipt: false },
    attempts: [{ connection: 0, at, answer: { ...answer, kind: "accepted" } }],
  };
}

function device(user: string, name: string, sent: SentRecord[]): DeviceRecord {
  const connection = { since: 10, ended: Infinity, pending: 0, isLast: false };
  return {
    ...{ user, device: name, joined: 10, sent },
    connections: [{ ...connection, deliveries: [], receipts: [] }],
  };
}
