/**
 * How a value is written in a variable of the environment or in a file: what is allowed, in words,
 * and how it is read. `config.ts` says which variable holds which.
 *
 * @module
 */
import { isIP } from "node:net";
import { SIGNATURE_KEYS_MAX } from "../limits.ts";
import { isNetwork } from "./client_address.ts";

/** What a file may hold instead of a text: `list` is one of texts, `json` what JSON has for it. */
export type ConfigForm = "number" | "choice" | "list" | "json";

/** One way to write a value. */
export interface ConfigValue<T> {
  /** What is allowed; goes on from "must be". */
  readonly allowed: string;
  /** What a file may hold instead of a text. */
  readonly form?: ConfigForm;
  /** The value, or undefined where the text is not allowed. */
  read(text: string): T | undefined;
  /**
   * Where the mistake is in a text that is not allowed, without what is written there; undefined
   * where the text has to speak for itself.
   */
  fault?(text: string): string | undefined;
  /** The path of the file with secrets that a value names; undefined where it names none. */
  secretsIn?(value: T): string | undefined;
}

/** Which numbers are allowed. */
export interface Range {
  /** The smallest. */
  readonly min: number;
  /** The largest. */
  readonly max: number;
}

/** As many hexadecimal digits are 128 bits. */
const PASSWORD_CHARS_MIN = 32;

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ["kib", 1024],
  ["mib", 1024 ** 2],
  ["gib", 1024 ** 3],
]);

const SECOND_UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["s", 1],
  ["min", 60],
  ["h", 3600],
  ["d", 24 * 3600],
]);

/** A number without a fraction, such as `3000`. */
export function wholeNumber(range: Range): ConfigValue<number> {
  return {
    form: "number",
    allowed: `a whole number from ${range.min} to ${range.max}`,
    read: (text) => /^\d+$/.test(text) ? within(Number(text), range) : undefined,
  };
}

/** A number that may have a fraction, such as `0.5`. */
export function decimalNumber(range: Range): ConfigValue<number> {
  return {
    form: "number",
    allowed: `a number from ${range.min} to ${range.max}`,
    read: (text) => /^\d+(?:\.\d+)?$/.test(text) ? within(Number(text), range) : undefined,
  };
}

/** A number of bytes, such as `1000` or `64 MiB`. */
export function byteCount(range: Range): ConfigValue<number> {
  return {
    form: "number",
    allowed: `a number of bytes from ${range.min} to ${range.max}, or one with KiB, MiB or GiB`,
    read: (text) => measure(text, BYTE_UNITS, range),
  };
}

/** A time in seconds, such as `30`, `30 s` or `5 min`. */
export function seconds(range: Range): ConfigValue<number> {
  return {
    form: "number",
    allowed: `a number of seconds from ${range.min} to ${range.max}, or one with s, min, h or d`,
    read: (text) => measure(text, SECOND_UNITS, range),
  };
}

/** One of a few words. */
export function choice<T extends string>(...words: readonly T[]): ConfigValue<T> {
  return {
    form: "choice",
    allowed: words.map((word) => `"${word}"`).join(" or "),
    read: (text) => words.find((word) => word === text),
  };
}

/** Where to listen: a host name or an address, IPv6 with or without brackets. */
export function host(): ConfigValue<string> {
  return {
    allowed: "a host name or an IP address",
    read(text) {
      const bare = /^\[(.+)\]$/.exec(text)?.[1] ?? text;
      return isIP(bare) !== 0 || /^[a-z0-9][a-z0-9._-]*$/i.test(text) ? bare : undefined;
    },
  };
}

/** The name of a directory. */
export function directory(): ConfigValue<string> {
  return {
    allowed: "the name of a directory",
    read: (text) => text === "" || text.includes("\0") ? undefined : text,
  };
}

/** The path of a file of secrets, and not what is in it. @param allowed what file it is */
export function file(allowed: string): ConfigValue<string> {
  return {
    allowed,
    read: (text) => text === "" || text.includes("\0") || isContent(text) ? undefined : text,
    fault: (text) => isContent(text) ? notShown(text) : undefined,
    secretsIn: (path) => path,
  };
}

/** Whether a text looks like JSON or PEM, which hold secrets where a path is asked for. */
function isContent(text: string): boolean {
  return text.startsWith("{") || text.includes("-----BEGIN ");
}

/** Says of a text that may be a secret no more than how long it is. */
export function notShown(text: string): string {
  return `it is a text of ${text.length} characters, not shown`;
}

/** Addresses and networks, separated by commas or blanks. */
export function networks(): ConfigValue<readonly string[]> {
  return {
    form: "list",
    allowed: "IP addresses or networks such as 10.0.0.0/8, separated by commas",
    read(text) {
      const entries = entriesOf(text);
      return entries.length > 0 && entries.every(isNetwork) ? entries : undefined;
    },
  };
}

/** A name that somebody else gave, compared exactly. */
export function name(): ConfigValue<string> {
  return {
    allowed: "a name without blanks",
    read: (text) => /^\S+$/.test(text) ? text : undefined,
  };
}

/** Something that opens a door: long enough not to be guessed, and fit for an HTTP header. */
export function password(): ConfigValue<string> {
  return {
    allowed: `a text of at least ${PASSWORD_CHARS_MIN} visible ASCII characters`,
    read: (text) => text.length >= PASSWORD_CHARS_MIN && /^[!-~]+$/.test(text) ? text : undefined,
  };
}

/** Names that somebody else gave, separated by commas or blanks. */
export function names(max: number): ConfigValue<readonly string[]> {
  return {
    form: "list",
    allowed: `at most ${max} names, separated by commas`,
    read(text) {
      const entries = entriesOf(text);
      return entries.length > 0 && entries.length <= max ? entries : undefined;
    },
  };
}

/**
 * Secrets, separated by commas or line breaks: any texts but blank ones, as UTF-8. White space
 * around each is a slip of whoever wrote the list.
 */
export function secrets(): ConfigValue<readonly Uint8Array<ArrayBuffer>[]> {
  return {
    form: "list",
    allowed: `at most ${SIGNATURE_KEYS_MAX} texts that are not blank, separated by commas`,
    read(text) {
      const entries = text.trim().split(/,\s*|\n/).map((entry) => entry.trim());
      if (entries.includes("") || entries.length > SIGNATURE_KEYS_MAX) return undefined;
      return entries.map((entry) => new TextEncoder().encode(entry));
    },
  };
}

function entriesOf(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== "");
}

function within(value: number, range: Range): number | undefined {
  return value >= range.min && value <= range.max ? value : undefined;
}

function measure(
  text: string,
  units: ReadonlyMap<string, number>,
  range: Range,
): number | undefined {
  const match = /^(\d+) ?([a-z]*)$/i.exec(text);
  const unit = units.get((match?.[2] ?? "").toLowerCase());
  if (match === null || unit === undefined) return undefined;
  return within(Number(match[1]) * unit, range);
}
