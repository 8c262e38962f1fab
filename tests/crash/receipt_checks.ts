/**
 * Receipts are true, and a sender who stays to hear one does.
 *
 * @module
 */
import type { Evidence } from "./checker.ts";
import { ACKNOWLEDGEMENT_MS } from "./device_checks.ts";
import { addressOf, type DeviceRecord, type Message } from "./history.ts";

/** Checks all receipts. */
export function checkReceipts(evidence: Evidence): void {
  const heard = new Map<DeviceRecord, ReadonlyMap<string, number>>();
  for (const device of evidence.history.devices) heard.set(device, receiptsOf(device));
  const known = new Set<string>();
  for (const [text, message] of evidence.messages) {
    const [id, acknowledged] = firstAcknowledgement(text, message, evidence);
    if (id === undefined) continue;
    known.add(`${message.sender.user} ${id}`);
    for (const [device, receipts] of heard) {
      const at = receipts.get(id);
      if (at === undefined || device.user !== message.sender.user || at >= acknowledged) continue;
      const what = "its sender was told that it is delivered before anybody acknowledged it";
      evidence.reporter.reportMessage("receipt", what, message);
    }
    checkHeard(id, acknowledged, message, evidence, heard.get(message.sender)?.has(id) === true);
  }
  for (const [{ user, device }, receipts] of heard) {
    for (const id of receipts.keys()) {
      if (known.has(`${user} ${id}`)) continue;
      evidence.reporter.report("receipt", `${user}/${device} was told of ${id}, never sent`, []);
    }
  }
}

/** A sender that was there when its message was acknowledged, and stayed, has the receipt. */
function checkHeard(
  id: string,
  acknowledged: number,
  message: Message,
  { reporter }: Evidence,
  isHeard: boolean,
): void {
  const { sender, sent } = message;
  if (isHeard || !sent.receipt) return;
  const stayed = sender.connections.some(({ since, ended }) =>
    since < acknowledged && ended > acknowledged + ACKNOWLEDGEMENT_MS
  );
  if (stayed) reporter.reportMessage("receipt", `its sender never had a receipt of ${id}`, message);
}

/** The id of a message, and when the first of its receiver's devices acknowledged it. */
function firstAcknowledgement(
  text: string,
  message: Message,
  { deliveries }: Evidence,
): [id: string | undefined, at: number] {
  const { to } = addressOf(message);
  let id: string | undefined;
  let at = Infinity;
  for (const [{ user }, list] of deliveries.get(text) ?? []) {
    for (const delivery of list) {
      id ??= delivery.id;
      const { answer } = delivery;
      if (user === to && answer?.kind === "acknowledged") at = Math.min(at, answer.at);
    }
  }
  return [id, at];
}

/** When a device first heard of each message. */
function receiptsOf({ connections }: DeviceRecord): ReadonlyMap<string, number> {
  const receipts = new Map<string, number>();
  for (const { receipts: list } of connections) {
    for (const { id, at } of list) if (!receipts.has(id)) receipts.set(id, at);
  }
  return receipts;
}
