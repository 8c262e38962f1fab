/**
 * Values of a file as texts, as which variables have them, and texts as they may be shown.
 *
 * @module
 */
import type { ConfigForm } from "./config_value.ts";

const SHOWN_CHARS_MAX = 80;

/** What separates the entries of a list in one text. */
const SEPARATOR = /[,\r\n]/;

/** The text that a variable would have, or undefined where a value is of another type. */
export function textOf(value: unknown, form: ConfigForm | undefined): string | undefined {
  if (typeof value === "string") return value;
  switch (form) {
    case "number":
      return typeof value === "number" ? decimal(value) : undefined;
    case "choice":
      return typeof value === "boolean" ? `${value}` : undefined;
    case "list":
      return Array.isArray(value) ? joined(value) : undefined;
    case "json":
      return typeof value === "object" && value !== null ? JSON.stringify(value) : undefined;
    case undefined:
      return undefined;
  }
}

/** What a value is, in words, without what it says. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list, or has an entry that is no text without commas";
  if (value instanceof Date) return "a date or a time";
  return typeof value === "object" ? "a table" : `a ${typeof value}`;
}

/** A value short and without the password that a URL may hold. */
export function shown(text: string): string {
  const safe = text.replace(/\/\/.*@/s, "//...@");
  return safe.length > SHOWN_CHARS_MAX ? `${safe.slice(0, SHOWN_CHARS_MAX)}...` : safe;
}

/** A number as people write it; JavaScript would write a large one with an exponent. */
function decimal(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : `${value}`;
}

function joined(entries: readonly unknown[]): string | undefined {
  const texts = entries.filter((entry) =>
    typeof entry === "string" && entry.trim() !== "" && !SEPARATOR.test(entry)
  );
  return texts.length === entries.length ? texts.join(",") : undefined;
}
