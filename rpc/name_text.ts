/**
 * What people call themselves and their devices: one line that somebody will read.
 *
 * @module
 */
import { z } from "zod";
import { BLANK } from "./blank.ts";
import { stringCheck } from "./invalid_params.ts";

/**
 * What no name may hold: control characters, lone surrogates, ends of lines, and what turns the
 * direction of the text around it. The other invisible characters are part of writing, as in emoji.
 */
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Something that is not blank. */
const VISIBLE = new RegExp(`[^${BLANK}]`, "u");

/**
 * Whether a text can be a name: one line that is not blank and hides nothing.
 *
 * @param value what somebody gave
 * @param charsMax its length in characters: code points, as JSON Schema counts them
 */
export function isNameText(value: string, charsMax: number): boolean {
  // No character takes more than two units, so a very long text need not be taken apart.
  if (value.length > 2 * charsMax || [...value].length > charsMax) return false;
  return VISIBLE.test(value) && !UNFIT.test(value);
}

/**
 * The schema of a name.
 *
 * @param description what is called so
 * @param charsMax as in {@linkcode isNameText}
 */
export function nameText(description: string, charsMax: number): z.ZodString {
  const refusal = {
    detail: `must be 1 to ${charsMax} characters in one line: not blank, ` +
      "and none that are control characters or turn the direction of the text",
    limit: charsMax,
  };
  const check = stringCheck((value) => isNameText(value, charsMax) ? value : refusal);
  return z.string().check(check).meta({ description, minLength: 1, maxLength: charsMax });
}
