/**
 * A life of a user has what belongs to it and nothing of those before: devices, messages. While
 * there is no such user, nobody can send to it.
 *
 * @module
 */
import type { Evidence } from "../checker.ts";
import { isNobody, type Message } from "../history.ts";

import type { Act, Told } from "./account_history.ts";
import type { Story } from "./account_story.ts";
import { reportAct } from "./act_lines.ts";

/** Checks the lives of all users. */
export function checkStays(evidence: Evidence): void {
  for (const story of evidence.stories.values()) {
    for (const act of story.person.acts) {
      if (act.answer?.kind !== "done") continue;
      const { devices, texts = [] } = act.answer.told;
      if (devices !== undefined) checkDevices(act, devices, story, evidence);
      for (const text of texts) checkKept(act, text, story, evidence);
    }
  }
  checkDeliveries(evidence);
  for (const message of evidence.messages.values()) checkVacancy(message, evidence);
}

/** Everything that signed in or was registered in this life is there, and nothing else. */
function checkDevices(
  act: Act,
  told: NonNullable<Told["devices"]>,
  story: Story,
  evidence: Evidence,
): void {
  const asked = story.stays.findLast(({ asked }) => asked <= act.at)?.asked ?? 0;
  const makers = story.person.acts.filter(({ kind, at, answer }) =>
    (kind === "sign in" || kind === "register") && at >= asked && at < act.at &&
    answer?.kind !== "refused"
  );
  const names = new Set(told.map(({ device }) => device));
  for (const device of names) {
    if (makers.some((maker) => maker.device === device)) continue;
    reportAct(evidence, story, "delete", `${device} is a device of an earlier life`, act);
  }
  for (const { device, answer } of makers) {
    if (answer === undefined || names.has(device)) continue;
    reportAct(evidence, story, "lost", `${device} is not among the devices`, act);
  }
}

/** What is kept for a user was sent to this life of it, or from it. */
function checkKept(act: Act, text: string, story: Story, evidence: Evidence): void {
  const message = evidence.messages.get(text);
  const asked = story.stays.findLast(({ asked }) => asked <= act.at)?.asked ?? 0;
  const { user } = story.person;
  if (message === undefined) {
    reportAct(evidence, story, "I1", "a text is kept that nobody sent", act);
  } else if (message.sent.to !== user && message.sender.user !== user) {
    reportAct(evidence, story, "I10", "a text is kept that is for others", act);
  } else if (isBefore(message, asked)) {
    reportAct(evidence, story, "delete", "a text of an earlier life is kept", act);
  }
}

/** No device of a life gets what was accepted for an earlier one. */
function checkDeliveries({ history, messages, reporter }: Evidence): void {
  for (const { user, device, stay, connections } of history.devices) {
    if (stay === undefined) continue;
    for (const { text } of connections.flatMap(({ deliveries }) => deliveries)) {
      const message = messages.get(text);
      if (message === undefined || !isBefore(message, stay.asked)) continue;
      const what = `${user}/${device} got it, which was for an earlier life of the user`;
      reporter.reportMessage("delete", what, message);
    }
  }
}

/** Nothing is accepted for a user who is deleted and has not come back. */
function checkVacancy(message: Message, { stories, reporter }: Evidence): void {
  const { attempts, to } = message.sent;
  const first = attempts[0]?.at ?? 0;
  for (const { from, to: until } of stories.get(to)?.vacancies ?? []) {
    const isAccepted = attempts.some(({ answer }) =>
      answer?.kind === "accepted" && answer.at < until
    );
    if (!isAccepted || first <= from) continue;
    reporter.reportMessage("delete", "it was accepted for a user who was deleted", message);
  }
}

/** Whether a message was accepted before a moment, for certain. */
function isBefore({ sent: { attempts } }: Message, moment: number): boolean {
  const answers = attempts.map(({ answer }) => answer);
  // Where one was lost, nobody knows when the message was accepted.
  if (answers.includes(undefined)) return false;
  return answers.every((answer) => isNobody(answer) || (answer?.at ?? Infinity) < moment) &&
    answers.some((answer) => answer?.kind === "accepted");
}
