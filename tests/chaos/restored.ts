/**
 * Whether a server that was made of a backup has all that the clients were promised by the moment
 * that the backup names.
 *
 * @module
 */
import { type ReceivedMessage, TestClient } from "../harness/client.ts";
import { firmIds } from "../crash/device_checks.ts";
import {
  acceptanceOf,
  addressOf,
  type DeviceRecord,
  type History,
  isFor,
  type Message,
} from "../crash/history.ts";
import { Reporter, type Violation } from "../crash/violation.ts";
import { acceptedOf, repeat, sampleOf, sendersOf } from "./repeats.ts";

/** A backup, in milliseconds of the load's clock. */
export interface BackupMoments {
  /** The moment that it names. */
  readonly taken: number;
  /** When the command was over: what happens from then on is not in it. */
  readonly done: number;
}

/** What a device got of the restored server. */
export type Restored = ReadonlyMap<DeviceRecord, readonly ReceivedMessage[]>;

/** What a check of a restored server came to. */
export interface RestoredFigures {
  /** Messages that the backup has to hold: their senders had the acknowledgement before it. */
  readonly acceptedBefore: number;
  /** Deliveries that had to come of the restored server, and all that came. */
  readonly due: number;
  readonly came: number;
  /** Messages that were sent again there, under the `cid` that they had. */
  readonly repeated: number;
}

/** How long a device may take to get all that waits for it, in milliseconds. */
const RECEIVE_MS_MAX = 60_000;

/** Receives all that waits for every device that gets messages. */
export async function receiveRestored(
  { devices }: History,
  url: string,
  sign: (user: string) => Promise<string>,
): Promise<Restored> {
  const restored = new Map<DeviceRecord, readonly ReceivedMessage[]>();
  for (const record of devices) {
    const { user, device } = record;
    if (record.sent.length > 0) continue;
    await using client = await TestClient.connect(url, { token: await sign(user), device });
    await client.until(() => client.empties > 0 || undefined, "all that waits", RECEIVE_MS_MAX);
    restored.set(record, client.messages);
  }
  return restored;
}

/** Compares what the restored server delivered with the records. */
export function checkRestored(
  history: History,
  restored: Restored,
  moments: BackupMoments,
): { violations: readonly Violation[]; due: number; came: number } {
  const reporter = new Reporter(history);
  const messages = new Map<string, Message>();
  for (const sender of history.devices) {
    for (const sent of sender.sent) messages.set(sent.text, { sender, sent });
  }
  let due = 0;
  let came = 0;
  for (const [device, list] of restored) {
    came += list.length;
    checkReceived(device, list, messages, reporter);
    checkPassed(device, list, moments, reporter);
    const texts = new Set(list.map(({ message }) => message));
    const acknowledged = acknowledgedBy(device, moments.done);
    for (const message of messages.values()) {
      if (!isFor(message, device) || !isPromised(message, device, moments)) continue;
      if (acknowledged.has(message.sent.text)) continue;
      due++;
      if (texts.has(message.sent.text)) continue;
      const who = `${device.user}/${device.device}`;
      const what = `it was accepted before the backup, and ${who} does not get it restored`;
      reporter.reportMessage("I1", what, message);
    }
  }
  return { violations: reporter.violations, due, came };
}

/**
 * Sends messages again that were accepted before the backup (I5).
 *
 * @returns how many, and what was wrong with the answers
 */
export async function repeatRestored(
  history: History,
  { taken }: BackupMoments,
  url: string,
  sign: (user: string) => Promise<string>,
): Promise<{ violations: readonly Violation[]; repeated: number }> {
  const reporter = new Reporter(history);
  const senders = sendersOf(history);
  let repeated = 0;
  for (const sender of senders) {
    const { user, device } = sender;
    await using client = await TestClient.connect(url, { token: await sign(user), device });
    for (const sent of sampleOf(sender, senders.length, taken)) {
      const wrong = await repeat(client, acceptedOf(sent));
      repeated++;
      if (wrong === null) continue;
      const what = `its repeat to the restored server ${wrong}`;
      reporter.reportMessage("I5", what, { sender, sent });
    }
  }
  return { violations: reporter.violations, repeated };
}

/** Messages whose senders had the acknowledgement before the moment. */
export function countPromised({ devices }: History, { taken }: BackupMoments): number {
  const sent = devices.flatMap((device) => device.sent);
  return sent.filter((one) => (acceptanceOf(one)?.at ?? Infinity) <= taken).length;
}

/**
 * Whether a message has to be there for a device: its sender had the acknowledgement by the moment
 * (I1), and the device was known when it was sent.
 */
function isPromised(
  { sent }: Message,
  { joined = Infinity }: DeviceRecord,
  { taken }: BackupMoments,
): boolean {
  const acceptance = acceptanceOf(sent);
  return acceptance !== undefined && acceptance.at <= taken &&
    (sent.attempts[0]?.at ?? 0) > joined;
}

/** Texts that a device acknowledged before a moment: they may be gone from the backup. */
function acknowledgedBy({ connections }: DeviceRecord, moment: number): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const { text, answer } of connections.flatMap(({ deliveries }) => deliveries)) {
    if (answer?.kind === "acknowledged" && answer.at <= moment) texts.add(text);
  }
  return texts;
}

/** I3: no cursor is behind what its device had acknowledged well before the moment. */
function checkPassed(
  device: DeviceRecord,
  list: readonly ReceivedMessage[],
  { taken }: BackupMoments,
  reporter: Reporter,
): void {
  const passed = new Set(device.connections.flatMap((one) => [...firmIds(one, taken)]));
  const again = list.filter(({ id }) => passed.has(id)).length;
  if (again === 0) return;
  const what = `${device.user}/${device.device} had acknowledged ${again} that it gets restored`;
  reporter.reportLines("I3", what, () => []);
}

/** I1, I4, I6: what comes is what was sent, under its id, once and in order. */
function checkReceived(
  device: DeviceRecord,
  list: readonly ReceivedMessage[],
  messages: ReadonlyMap<string, Message>,
  reporter: Reporter,
): void {
  const newest = new Map<DeviceRecord, number>();
  const who = `${device.user}/${device.device}`;
  for (const { id, from, to, message: text } of list) {
    const message = messages.get(text);
    if (message === undefined) {
      reporter.reportLines("I1", `${who} got a text restored that nobody sent`, () => []);
      continue;
    }
    const { sender, sent } = message;
    const report = (rule: string, what: string) =>
      reporter.reportMessage(rule, `${who} got it restored ${what}`, message);
    const address = addressOf(message);
    const known = acceptanceOf(sent)?.id ?? id;
    if (id !== known) report("I4", `as ${id}, not as ${known}`);
    if (from !== address.from || to !== address.to) report("I4", "with a wrong sender or receiver");
    const before = newest.get(sender) ?? 0;
    if (sent.seq === before) report("I3", "twice on one connection");
    else if (sent.seq < before) report("I6", `after number ${before} of the same`);
    newest.set(sender, Math.max(before, sent.seq));
  }
}
