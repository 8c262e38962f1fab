/**
 * Checks the promises of the server (I1 to I6, I9) against what the clients of a run wrote down,
 * and against nothing else. It runs after the drain: every device has come back to a server that
 * was not killed any more, and has acknowledged all that it was sent.
 *
 * @module
 */
import { checkDevice } from "./device_checks.ts";
import {
  acceptanceOf,
  addressOf,
  type DeliveryRecord,
  type DeviceRecord,
  type History,
  isConflict,
  isFor,
  isNobody,
  type Message,
} from "./history.ts";
import { checkMailboxOrder } from "./order_checks.ts";
import { checkAccounts } from "./people/account_checks.ts";
import { readStory, type Story } from "./people/account_story.ts";
import { isOrphan, mayBeNobody, mayBeTaken } from "./people/crossings.ts";
import { checkReceipts } from "./receipt_checks.ts";
import { Reporter, type Violation } from "./violation.ts";

/** All deliveries of one text, by device. */
export type Deliveries = ReadonlyMap<DeviceRecord, readonly DeliveryRecord[]>;

/** What the single checks work on. */
export interface Evidence {
  readonly history: History;
  /** Every message that anybody wanted sent, by its text. */
  readonly messages: ReadonlyMap<string, Message>;
  /** Every delivery of it, by its text. */
  readonly deliveries: ReadonlyMap<string, Deliveries>;
  /** What the acts of each person mean, by user. */
  readonly stories: ReadonlyMap<string, Story>;
  /** Texts of messages that were on their way while their senders were deleted. */
  readonly orphans: ReadonlySet<string>;
  readonly reporter: Reporter;
}

/** Checks a run. @returns what was broken; nothing where all promises were kept */
export function check(history: History): readonly Violation[] {
  const evidence = gather(history);
  checkInvented(evidence);
  const idOf = new Map<string, string>();
  for (const [text, message] of evidence.messages) {
    checkAnswers(message, evidence);
    checkIdentity(text, message, idOf, evidence);
    checkArrival(text, message, evidence);
  }
  for (const device of history.devices) checkDevice(device, evidence);
  checkMailboxOrder(evidence);
  checkReceipts(evidence);
  checkAccounts(evidence);
  return evidence.reporter.violations;
}

/** Whether everything that is due has arrived and is acknowledged; for ending a drain. */
export function isDrained(history: History): boolean {
  const evidence = gather(history);
  for (const [text, message] of evidence.messages) {
    if (isUndecided(message)) return false;
    checkArrival(text, message, evidence);
    if (evidence.reporter.violations.length > 0) return false;
  }
  return true;
}

/** Whether the sender still has to find out what became of a message, and can. */
function isUndecided({ sender, sent }: Message): boolean {
  if (acceptanceOf(sent) !== undefined || sender.stay?.hasLeft === true) return false;
  const answer = sent.attempts.at(-1)?.answer;
  if (isNobody(answer) || isConflict(answer)) return false;
  return sent.cid !== undefined || answer?.kind === "refused";
}

function gather(history: History): Evidence {
  const messages = new Map<string, Message>();
  const deliveries = new Map<string, Map<DeviceRecord, DeliveryRecord[]>>();
  for (const sender of history.devices) {
    for (const sent of sender.sent) {
      messages.set(sent.text, { sender, sent });
      deliveries.set(sent.text, new Map());
    }
  }
  for (const device of history.devices) {
    for (const connection of device.connections) {
      for (const delivery of connection.deliveries) {
        const byDevice = deliveries.get(delivery.text) ?? new Map<DeviceRecord, DeliveryRecord[]>();
        deliveries.set(delivery.text, byDevice);
        const list = byDevice.get(device);
        if (list === undefined) byDevice.set(device, [delivery]);
        else list.push(delivery);
      }
    }
  }
  const stories = new Map(
    history.people.map((person) => [person.user, readStory(person, history.lives)]),
  );
  const orphans = new Set<string>();
  for (const [text, message] of messages) {
    if (isOrphan(message, { stories, history })) orphans.add(text);
  }
  return { history, messages, deliveries, stories, orphans, reporter: new Reporter(history) };
}

/** Nothing arrives that nobody sent. */
function checkInvented({ messages, deliveries, reporter }: Evidence): void {
  for (const [text, byDevice] of deliveries) {
    if (messages.has(text)) continue;
    for (const [{ user, device }, list] of byDevice) {
      const shown = `${text.slice(0, 60)} (${text.length} characters)`;
      reporter.report("I1", `${user}/${device} got a text that nobody sent: ${shown}`, list);
    }
  }
}

/** I5: a repeat gets the first answer again; nothing is refused that should not be. */
function checkAnswers(message: Message, evidence: Evidence): void {
  const { history, reporter } = evidence;
  const { sent } = message;
  let first: { id: string | undefined; time: string | undefined } | undefined;
  for (const [index, attempt] of sent.attempts.entries()) {
    const { answer } = attempt;
    if (answer === undefined) continue;
    if (answer.kind === "refused") {
      if (first !== undefined) {
        reporter.reportMessage(
          "I5",
          `it was refused (${answer.code}) after it was accepted`,
          message,
        );
      } else if (
        !history.refusals.has(answer.code) && !mayBeNobody(message, attempt, evidence) &&
        !mayBeTaken(message, attempt, evidence)
      ) {
        reporter.reportMessage("I9", `it was refused with ${answer.code}`, message);
      }
      continue;
    }
    const isRepeat = first !== undefined;
    if (isRepeat && (first?.id !== answer.id || first?.time !== answer.time)) {
      reporter.reportMessage("I5", "its repeat got another answer than the first", message);
    }
    if (answer.id !== undefined && isRepeat !== answer.duplicate) {
      // A first answer may still be to a repeat: of an attempt whose answer was lost.
      const wasLost = sent.attempts.slice(0, index).some((attempt) => attempt.answer === undefined);
      if (isRepeat || !wasLost) {
        reporter.reportMessage("I5", `its answer says duplicate: ${answer.duplicate}`, message);
      }
    }
    first ??= answer;
  }
}

/** I4, I5: one text has one id, in every answer and every delivery, and no id has two texts. */
function checkIdentity(
  text: string,
  message: Message,
  textOf: Map<string, string>,
  { deliveries, orphans, reporter }: Evidence,
): void {
  if (orphans.has(text)) return;
  const acceptance = acceptanceOf(message.sent);
  let id = acceptance?.id;
  let time: string | undefined;
  const { from, to } = addressOf(message);
  for (const [{ user, device }, list] of deliveries.get(text) ?? []) {
    for (const delivery of list) {
      id ??= delivery.id;
      time ??= delivery.time;
      const who = `${user}/${device}`;
      if (delivery.id !== id) {
        reporter.reportMessage("I4", `${who} got it as ${delivery.id}, not as ${id}`, message);
      } else if (delivery.time !== time) {
        reporter.reportMessage("I4", `${who} got it with another time than before`, message);
      } else if (delivery.from !== from || delivery.to !== to) {
        reporter.reportMessage("I4", `${who} got it with a wrong sender or receiver`, message);
      }
    }
  }
  if (id === undefined) return;
  const other = textOf.get(id);
  if (other !== undefined) {
    reporter.reportMessage("I4", `its id ${id} is also of ${other}`, message);
  }
  textOf.set(id, text);
}

/**
 * I1, I3: a message that was acknowledged to its sender arrives at every device that was there
 * before it was sent, and every device acknowledges it in the end: a cursor that passed it
 * unacknowledged would leave it out.
 */
function checkArrival(text: string, message: Message, evidence: Evidence): void {
  const { history, deliveries, reporter } = evidence;
  const { sent } = message;
  const started = sent.attempts[0]?.at;
  // What anybody got was committed, whether or not its sender ever heard so.
  const isDue = acceptanceOf(sent) !== undefined || (deliveries.get(text)?.size ?? 0) > 0;
  for (const device of history.devices) {
    const list = deliveries.get(text)?.get(device) ?? [];
    const who = `${device.user}/${device.device}`;
    // Whoever was deleted gets nothing more; see checkGaps() for what came before.
    if (device.stay?.hasLeft === true) continue;
    if (list.some(({ answer }) => answer?.kind === "acknowledged")) continue;
    if (list.length > 0) {
      reporter.reportMessage("I3", `${who} did not acknowledge it and got it no more`, message);
    } else if (isDue && isFor(message, device)) {
      if (device.joined === undefined || started === undefined || started < device.joined) continue;
      reporter.reportMessage("I1", `it was accepted and never reached ${who}`, message);
    }
  }
}
