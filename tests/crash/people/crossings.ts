/**
 * What a message may meet where users come and go: nobody, or the end of its own sender.
 *
 * @module
 */
import type { Evidence } from "../checker.ts";
import { type Attempt, isConflict, isNobody, type Message } from "../history.ts";
import { endOf } from "./account_story.ts";

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
  return sent.attempts.some((attempt) => {
    if (attempt.answer !== undefined) return attempt.answer.kind === "refused";
    const end = endOf(attempt, history.lives);
    return absences.some(({ from, to }) => from <= end && to >= attempt.at);
  });
}

/**
 * Whether a message was on its way while its sender was deleted, or may have been. It may be accepted
 * afterwards: when what the sender sent before is forgotten, so that a repeat is stored once more,
 * and when the next user of the name is there, who then is the sender.
 */
export function isOrphan(
  { sender, sent: { attempts } }: Message,
  { stories, history }: Pick<Evidence, "stories" | "history">,
): boolean {
  if (sender.stay === undefined) return false;
  const deletions = stories.get(sender.user)?.deletions ?? [];
  return deletions.some(({ from, to }) =>
    attempts.some((attempt) => attempt.at <= to && endOf(attempt, history.lives) >= from)
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
