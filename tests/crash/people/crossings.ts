/**
 * What a message may meet where users come and go: nobody, or the end of its own sender.
 *
 * @module
 */
import type { Evidence } from "../checker.ts";
import { type Attempt, isConflict, isNobody, type Message } from "../history.ts";
import type { Story } from "./account_story.ts";

/** Whether an attempt was refused as there was nobody to receive it, and that may have been so. */
export function mayBeNobody(
  { sent }: Message,
  { at, answer }: Attempt,
  { stories }: Evidence,
): boolean {
  if (answer === undefined || !isNobody(answer)) return false;
  const absences = stories.get(sent.to)?.absences ?? [];
  return absences.some(({ from, to }) => from <= answer.at && to >= at);
}

/**
 * Whether a message was refused once, or may have been: as there was nobody, with an answer that
 * was lost. Then it may be overtaken.
 */
export function mayBeRefused({ sent }: Message, { stories, history }: Evidence): boolean {
  const absences = stories.get(sent.to)?.absences ?? [];
  return sent.attempts.some(({ at, answer }) => {
    if (answer !== undefined) return answer.kind === "refused";
    const end = history.lives.find(({ killed }) => killed >= at)?.killed ?? Infinity;
    return absences.some(({ from, to }) => from <= end && to >= at);
  });
}

/**
 * Whether a message was on its way while its sender was deleted, or may have been. It may be accepted
 * afterwards, when what the sender sent before is forgotten: a repeat is then stored once more.
 */
export function isOrphan(
  { sender, sent: { attempts } }: Message,
  stories: ReadonlyMap<string, Story>,
): boolean {
  if (sender.stay === undefined) return false;
  const deletions = stories.get(sender.user)?.deletions ?? [];
  return deletions.some(({ from, to }) =>
    attempts.some(({ at, answer }) => at <= to && (answer?.at ?? Infinity) >= from)
  );
}

/**
 * Whether the `cid` of an attempt may be that of a message of an earlier life of its sender, and was
 * refused for that: what is accepted after the end of its sender keeps its `cid`.
 */
export function mayBeTaken(
  { sender: { user, stay }, sent: { cid } }: Message,
  { answer }: Attempt,
  { history, orphans }: Evidence,
): boolean {
  if (!isConflict(answer) || stay === undefined || cid === undefined) return false;
  return history.devices.some((device) =>
    device.user === user && device.stay !== undefined && device.stay.asked < stay.asked &&
    device.sent.some((sent) => sent.cid === cid && orphans.has(sent.text))
  );
}
