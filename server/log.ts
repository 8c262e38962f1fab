/**
 * What the server tells its operator: events, one line each, as JSON or for a terminal.
 *
 * No message text, token or key ever gets here (I8). Fields come from a fixed vocabulary, and of
 * an error that is not Titan's own only its name and where it happened are told: the message of
 * such an error may quote what a client sent.
 *
 * @module
 */
import { getAnsiColorFormatter, getJsonLinesFormatter, type LogRecord } from "@logtape/logtape";
import { type DescribedError, describeError, type ErrorClass } from "./described_error.ts";

/**
 * All fields that an event may have, in the order in which they are written. There is none for what
 * users write to each other, nor for what they sign in with.
 */
export const LOG_FIELDS = [
  "user",
  "device",
  "connection",
  "address",
  "transport",
  "method",
  "message_id",
  "code",
  "reason",
  "reference",
  "url",
  "listener",
  "store",
  "provider",
  "path",
  "version",
  "variable",
  "nearest",
  "signal",
  "connections",
  "messages",
  "entries",
  "pending",
  "count",
  "bytes",
  "ms",
] as const;

/** The fields of one event; an undefined one is left out. */
export type LogFields = {
  readonly [Field in typeof LOG_FIELDS[number]]?: string | number | boolean | undefined;
};

/** Takes events. Never throws. */
export interface Log {
  /**
   * Something happened that an operator may want to know.
   *
   * @param name what happened, in a few fixed words, such as `signed in`
   */
  event(name: string, fields?: LogFields): void;
  /** Something that an operator should look at when there is time. */
  warn(name: string, fields?: LogFields): void;
  /** Something that should not have happened. The error is told as far as it is safe. */
  error(name: string, error: unknown, fields?: LogFields): void;
}

/** How much an event matters. */
export type LogLevel = "info" | "warning" | "error";

/** From what matters least to what matters most. */
const LEVELS: readonly LogLevel[] = ["info", "warning", "error"];

/** Options for {@linkcode createLog}. */
export interface LogOptions {
  /** `json`: one JSON object a line. `pretty`: coloured, in local time. */
  readonly format: "json" | "pretty";
  /** Events that matter less are left out. @default {"info"} */
  readonly level?: LogLevel;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Errors whose messages are known to hold nothing that a client sent. */
  readonly own: readonly ErrorClass[];
  /** Where lines go, each without a line break at its end. @default {writeToConsole} */
  readonly write?: (level: LogLevel, line: string) => void;
}

/** A field that is longer is cut: a line stays short, whatever a name was set to. */
const FIELD_CHARS_MAX = 256;

/** A log that keeps nothing, for tests. */
export const silentLog: Log = { event() {}, warn() {}, error() {} };

/**
 * Makes a log.
 *
 * Only the formatters of the library are used. Its loggers are found in a registry that the whole
 * process shares, and two servers in one process should not share a log.
 */
export function createLog(options: LogOptions): Log {
  const { now, own, write = writeToConsole } = options;
  const format = FORMATTERS[options.format]();
  const least = LEVELS.indexOf(options.level ?? "info");
  const log = (level: LogLevel, name: string, fields?: LogFields, thrown?: Thrown) => {
    if (LEVELS.indexOf(level) < least) return;
    try {
      const error = thrown === undefined ? undefined : describeError(thrown.error, own);
      const event = { level, name, time: now(), fields: known(fields ?? {}), error };
      write(level, format(event).trimEnd());
    } catch {
      // Whoever read the log has gone. The server's work goes on without a log.
    }
  };
  return {
    event: (name, fields) => log("info", name, fields),
    warn: (name, fields) => log("warning", name, fields),
    error: (name, error, fields) => log("error", name, fields, { error }),
  };
}

/**
 * Writes a line to standard output, or from `warning` on to standard error. Deno's console is used
 * because Deno's OpenTelemetry switch exports what is written to it, with its level.
 */
export function writeToConsole(level: LogLevel, line: string): void {
  if (level === "info") console.info(line);
  else if (level === "warning") console.warn(line);
  else console.error(line);
}

/** What was thrown; anything can be, even undefined. */
interface Thrown {
  readonly error: unknown;
}

/** One event, ready to be written. */
interface LogEvent {
  readonly level: LogLevel;
  readonly name: string;
  readonly time: number;
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly error: DescribedError | undefined;
}

const FORMATTERS: Readonly<Record<LogOptions["format"], () => (event: LogEvent) => string>> = {
  json() {
    const format = getJsonLinesFormatter({ properties: "flatten" });
    return ({ fields, error, ...event }) =>
      format(record(event, [event.name], error === undefined ? fields : { ...fields, error }));
  },
  pretty() {
    const format = getAnsiColorFormatter({
      timestamp: "time",
      timeZone: null,
      value: "bare",
      format: ({ timestamp, level, message }) => `${timestamp} ${level} ${message}`,
    });
    return (event) => format(record(event, prettyParts(event), {}));
  },
};

/** The fields of the vocabulary that have a value, in its order. */
function known(fields: LogFields): Record<string, string | number | boolean> {
  const properties: Record<string, string | number | boolean> = {};
  for (const field of LOG_FIELDS) {
    const value = fields[field];
    if (value !== undefined) properties[field] = typeof value === "string" ? cut(value) : value;
  }
  return properties;
}

function cut(text: string): string {
  return text.length > FIELD_CHARS_MAX ? `${text.slice(0, FIELD_CHARS_MAX)}...` : text;
}

/** The library's form of an event. It takes text and values in turns, text first and last. */
function record(
  { level, name, time }: Pick<LogEvent, "level" | "name" | "time">,
  message: readonly unknown[],
  properties: Record<string, unknown>,
): LogRecord {
  return { category: ["titan"], level, message, rawMessage: name, timestamp: time, properties };
}

/** Fields are a value, because the library escapes line breaks in values. */
function prettyParts({ name, fields, error }: LogEvent): readonly unknown[] {
  const values = Object.entries(fields).map(([field, value]) => ` ${field}=${value}`);
  return [name, values.join(""), error === undefined ? "" : `\n  ${prettyError(error)}`];
}

function prettyError(error: DescribedError): string {
  const { name, code, message, frames, cause } = error;
  const first = [name, code === undefined ? "" : ` (${code})`, message ? `: ${message}` : ""];
  const lines = [first.join(""), ...frames.map((frame) => `    at ${frame}`)];
  if (cause !== undefined) lines.push(`  caused by ${prettyError(cause)}`);
  return lines.join("\n  ");
}
