/**
 * Warnings of the configuration in words.
 *
 * @module
 */
import type { ConfigWarning } from "../setting_reader.ts";

/** A warning in words. */
export interface WarningText {
  /** What there is. */
  readonly text: string;
  /** What may be done. */
  readonly advice: string;
}

/** Says what a warning is about. */
export function warningText(warning: ConfigWarning): WarningText {
  if (warning.kind === "public") {
    const text = `Every user of this machine can read ${warning.file}, which holds a secret`;
    return { text, advice: "Take that away: chmod o-r" };
  }
  const { name, nearest } = warning;
  return {
    text: `${name} means nothing to Titan`,
    advice: `It may be meant as ${nearest}: else unset it`,
  };
}
