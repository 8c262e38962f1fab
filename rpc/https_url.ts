/**
 * Web addresses that clients give.
 *
 * @module
 */
import { z } from "zod";
import { URL_CHARS_MAX } from "../limits.ts";
import { stringCheck } from "./invalid_params.ts";

/** What the parser of URLs would drop or replace without a word. */
const UNFIT = /[\s\p{Cc}\p{Cs}]/u;

/**
 * Brings an https URL into the normal form of the URL Standard.
 *
 * @param value what somebody gave
 * @returns undefined where it is none, has a user or password, or is longer than `URL_CHARS_MAX`
 */
export function parseHttpsUrl(value: string): string | undefined {
  if (value.length > URL_CHARS_MAX || UNFIT.test(value)) return undefined;
  const url = URL.parse(value);
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "") return undefined;
  return url.href.length > URL_CHARS_MAX ? undefined : url.href;
}

/**
 * The schema of an https URL, brought into its normal form.
 *
 * @param description what is found there
 */
export function httpsUrl(description: string): z.ZodString {
  const refusal = {
    detail: `must be an https URL of at most ${URL_CHARS_MAX} characters, ` +
      "without a user or password",
    limit: URL_CHARS_MAX,
  };
  return z.string().check(stringCheck((value) => parseHttpsUrl(value) ?? refusal)).meta({
    description,
    format: "uri",
    maxLength: URL_CHARS_MAX,
  });
}
