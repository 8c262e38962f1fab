/**
 * What a person did, in words, for the message of a failing test. No token is in it.
 *
 * @module
 */
import type { Evidence } from "../checker.ts";
import type { Life } from "../history.ts";
import type { Act, PersonRecord } from "./account_history.ts";
import type { Story } from "./account_story.ts";

/** Acts that are told: those before one, and some after it. */
const BEFORE = 40;
const AFTER = 4;

/** Says what is wrong with an act, with what the person did around it. */
export function reportAct(
  { reporter, history }: Evidence,
  { person }: Story,
  rule: string,
  what: string,
  act: Act,
): void {
  reporter.reportLines(rule, `${person.user}: ${what}`, () => actLines(person, act, history.lives));
}

/** Tells what happened around an act, in order, a line each. */
function actLines({ acts }: PersonRecord, act: Act, lives: readonly Life[]): string[] {
  const index = acts.indexOf(act);
  const told = acts.slice(Math.max(0, index - BEFORE), index + AFTER);
  const start = told[0]?.at ?? 0;
  const end = told.at(-1)?.at ?? Infinity;
  const events = told.map((one) => ({ at: one.at, line: lineOf(one, one === act) }));
  for (const [number, { ready, killed, end: how }] of lives.entries()) {
    const moments = [[ready, "is ready"], [killed, how]] as const;
    for (const [at, what] of moments) {
      if (at >= start && at <= end) events.push({ at, line: `server ${number} ${what}` });
    }
  }
  return events.sort((a, b) => a.at - b.at)
    .map(({ at, line }) => `${at.toFixed(0).padStart(8)} ms  ${line}`);
}

function lineOf({ kind, device, token, push, at, answer }: Act, isMarked: boolean): string {
  const given = token === undefined
    ? ""
    : ` with ${token.kind} ${token.generation} of session ${token.session}`;
  const said = answer === undefined
    ? "no answer"
    : `${answer.kind}${answer.kind === "refused" ? ` (${answer.code} ${answer.why})` : ""}` +
      ` after ${(answer.at - at).toFixed(0)} ms`;
  const what = `${kind} on ${device}${given}${push === undefined ? "" : ` of ${push}`}: ${said}`;
  return isMarked ? `${what}   <--` : what;
}
