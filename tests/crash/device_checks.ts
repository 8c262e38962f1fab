/**
 * What must be true of the deliveries to one device: I3, I4 and I6 as it sees them.
 *
 * @module
 */
import type { Evidence } from "./checker.ts";
import {
  acceptanceOf,
  type ConnectionRecord,
  type DeliveryRecord,
  type DeviceRecord,
  isFor,
} from "./history.ts";
import { mayBeRefused } from "./people/crossings.ts";

/**
 * How long before the end of its connection an acknowledgement must have been given to be sure to
 * count: it travels, waits up to 25 ms for a commit and is committed, all on a busy machine. One
 * that is younger may be lost with the process, which costs a repeated delivery (I3).
 */
export const ACKNOWLEDGEMENT_MS = 2000;

/** Checks one device. */
export function checkDevice(device: DeviceRecord, evidence: Evidence): void {
  checkOwn(device, evidence);
  checkSenderOrder(device, evidence);
  if (device.stay?.hasLeft === true) checkGaps(device, evidence);
  const seen = new Set<string>();
  const settled = new Map<string, ConnectionRecord>();
  for (const connection of device.connections) {
    checkConnection({ device, connection, seen, settled }, evidence);
    for (const id of firmIds(connection)) settled.set(id, connection);
    for (const { id } of connection.deliveries) seen.add(id);
  }
  checkLast(device, evidence);
}

/** Nobody gets what is for others, and no device what it sent itself to others (I10). */
function checkOwn(device: DeviceRecord, { messages, orphans, reporter }: Evidence): void {
  for (const { deliveries } of device.connections) {
    for (const { text } of deliveries) {
      const message = messages.get(text);
      if (message === undefined || isFor(message, device) || orphans.has(text)) continue;
      const who = `${device.user}/${device.device}`;
      reporter.reportMessage("I10", `${who} got it, which it is not for`, message);
    }
  }
}

/** I6: what one device sent to one receiver comes in the order in which it was sent. */
function checkSenderOrder(device: DeviceRecord, evidence: Evidence): void {
  const { messages, reporter } = evidence;
  const newest = new Map<DeviceRecord, Map<string, number>>();
  const seen = new Set<string>();
  for (const { deliveries } of device.connections) {
    for (const { text } of deliveries) {
      const message = messages.get(text);
      if (message === undefined || seen.has(text)) continue;
      seen.add(text);
      const { sender, sent } = message;
      // What was refused is sent again later, and so may be overtaken.
      if (mayBeRefused(message, evidence)) continue;
      const ofSender = newest.get(sender) ?? new Map<string, number>();
      newest.set(sender, ofSender);
      const before = ofSender.get(sent.to) ?? 0;
      if (sent.seq < before) {
        const who = `${device.user}/${device.device}`;
        reporter.reportMessage("I6", `${who} got it after number ${before} of the same`, message);
      }
      ofSender.set(sent.to, Math.max(before, sent.seq));
    }
  }
}

/**
 * I1 for a user who was deleted, who need not have got everything: what a device got of a sender
 * has no gaps, where it refuses nothing.
 */
function checkGaps(device: DeviceRecord, evidence: Evidence): void {
  const { messages, deliveries, reporter } = evidence;
  const newest = new Map<DeviceRecord, number>();
  for (const { text } of device.connections.flatMap((connection) => connection.deliveries)) {
    const message = messages.get(text);
    if (message?.sent.to !== device.user) continue;
    const { sender, sent } = message;
    newest.set(sender, Math.max(newest.get(sender) ?? 0, sent.seq));
  }
  for (const [sender, seq] of newest) {
    for (const sent of sender.sent) {
      const { text, attempts } = sent;
      if (sent.to !== device.user || sent.seq >= seq || acceptanceOf(sent) === undefined) continue;
      if ((attempts[0]?.at ?? 0) < (device.joined ?? Infinity)) continue;
      if (mayBeRefused({ sender, sent }, evidence)) continue;
      if (deliveries.get(text)?.has(device) === true) continue;
      const who = `${device.user}/${device.device}`;
      const what = `it was accepted, and ${who} got number ${seq} without it`;
      reporter.reportMessage("I1", what, { sender, sent });
    }
  }
}

interface ConnectionCheck {
  readonly device: DeviceRecord;
  readonly connection: ConnectionRecord;
  /** Ids that an earlier connection of the device was sent. */
  readonly seen: ReadonlySet<string>;
  /** Ids whose acknowledgement is certainly on disk, and the connection on which it was given. */
  readonly settled: ReadonlyMap<string, ConnectionRecord>;
}

function checkConnection(
  { device, connection, seen, settled }: ConnectionCheck,
  { messages, reporter }: Evidence,
): void {
  const last = new Map<string, DeliveryRecord>();
  for (const delivery of connection.deliveries) {
    const { id, text, at } = delivery;
    const message = messages.get(text);
    const report = (rule: string, what: string) => {
      const who = `${device.user}/${device.device}`;
      if (message !== undefined) reporter.reportMessage(rule, `${who} ${what}`, message);
    };
    const before = last.get(id);
    last.set(id, delivery);
    const answer = before?.answer;
    if (before !== undefined && (answer?.kind !== "refused" || answer.at > at)) {
      report("I3", `got it twice on one connection, ${answer?.kind ?? "unanswered"} in between`);
    }
    if (settled.has(id)) {
      const ms = ACKNOWLEDGEMENT_MS;
      report("I3", `got it again after an acknowledgement ${ms} ms before a connection's end`);
    }
    const isRepeat = before !== undefined || seen.has(id);
    if (isRepeat && delivery.redelivered === 0) {
      report("I4", "got it again without being told that it is a repeat");
    }
  }
}

/**
 * Ids that the device's cursor has certainly passed: the device acknowledged them and everything
 * that it was sent before them, long enough before a moment, or the end of the connection.
 */
export function firmIds(
  { deliveries, ended }: ConnectionRecord,
  moment = Infinity,
): ReadonlySet<string> {
  const answers = new Map<string, number>();
  for (const { id, answer } of deliveries) {
    const at = answer?.kind === "acknowledged" ? answer.at : Infinity;
    answers.set(id, Math.min(answers.get(id) ?? Infinity, at));
  }
  const firm = new Set<string>();
  // A map keeps the order of first deliveries, which is the order of the mailbox.
  for (const [id, at] of answers) {
    if (at > Math.min(ended, moment) - ACKNOWLEDGEMENT_MS) break;
    firm.add(id);
  }
  return firm;
}

/** After the drain nothing may be left. */
function checkLast(device: DeviceRecord, { reporter }: Evidence): void {
  const who = `${device.user}/${device.device}`;
  for (const { isLast, pending, deliveries } of device.connections) {
    if (!isLast || (pending === 0 && deliveries.length === 0)) continue;
    const what = `${who} has acknowledged all, and is told of ${pending} that wait`;
    reporter.report("I3", `${what}; ${deliveries.length} came`, deliveries);
  }
}
