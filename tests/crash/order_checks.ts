/**
 * I2: a mailbox is one log. Every connection of every device of a user sees its messages in the
 * same order, and nothing ever appears below what was seen.
 *
 * @module
 */
import type { Evidence } from "./checker.ts";
import type { ConnectionRecord, DeviceRecord } from "./history.ts";

/** Checks the order of all mailboxes. */
export function checkMailboxOrder(evidence: Evidence): void {
  const users = Map.groupBy(evidence.history.devices, ({ user }) => user);
  for (const devices of users.values()) {
    for (const reference of devices) checkAgainst(reference, devices, evidence);
  }
}

/** Checks that no connection contradicts the order in which one device first saw things. */
function checkAgainst(
  reference: DeviceRecord,
  devices: readonly DeviceRecord[],
  { messages, orphans, reporter }: Evidence,
): void {
  const places = new Map<string, number>();
  for (const connection of reference.connections) {
    for (const text of firstTexts(connection)) {
      if (!places.has(text) && !orphans.has(text)) places.set(text, places.size);
    }
  }
  for (const device of devices) {
    for (const connection of device.connections) {
      let newest = -1;
      let before = "";
      for (const text of firstTexts(connection)) {
        const place = places.get(text);
        if (place === undefined) continue;
        const message = messages.get(text);
        if (place < newest && message !== undefined) {
          const who = `${device.user}/${device.device}`;
          const other = `${reference.user}/${reference.device}`;
          const what = `${who} got it behind "${before.slice(0, 60)}", ${other} in front of it`;
          reporter.reportMessage("I2", what, message);
        }
        if (place > newest) before = text;
        newest = Math.max(newest, place);
      }
    }
  }
}

/** The texts of a connection, each at its first delivery: a refused one comes again, out of turn. */
function firstTexts({ deliveries }: ConnectionRecord): ReadonlySet<string> {
  return new Set(deliveries.map(({ text }) => text));
}
