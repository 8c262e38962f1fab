/**
 * What a check found, as it is told: one line each.
 *
 * @module
 */
import { printableLine } from "../printable.ts";

/** How a finding is to be taken; only `wrong` ends the command with 1. */
export type Mark =
  /** All is well. */
  | "ok"
  /** It works; somebody should look at it. */
  | "warn"
  /** It does not work. */
  | "wrong"
  /** It was not looked at. */
  | "skipped";

/** What a check found. */
export interface Finding {
  readonly mark: Mark;
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** What was found: a sentence without a full stop. */
  readonly text: string;
  /** What to do about it, as another. */
  readonly advice?: string;
}

/** Room for the longest mark. */
const MARK_CHARS = 8;

/** What a line begins with; what is wrong must not be overlooked. */
const SHOWN: Readonly<Record<Mark, string>> = {
  ok: "ok",
  warn: "warning",
  wrong: "WRONG",
  skipped: "skipped",
};

/** All is well. */
export function ok(check: string, text: string): Finding {
  return { mark: "ok", check, text };
}

/** Somebody should look at it. */
export function warn(check: string, text: string, advice: string): Finding {
  return { mark: "warn", check, text, advice };
}

/** It does not work. */
export function wrong(check: string, text: string, advice?: string): Finding {
  return { mark: "wrong", check, text, ...(advice === undefined ? {} : { advice }) };
}

/** It was not looked at, for this reason. */
export function skipped(check: string, text: string): Finding {
  return { mark: "skipped", check, text };
}

/** A finding on one line. */
export function findingLine({ mark, check, text, advice }: Finding): string {
  const line = `${SHOWN[mark].padEnd(MARK_CHARS)}${check}: ${text}`;
  return printableLine(advice === undefined ? line : `${line}. ${advice}`);
}
