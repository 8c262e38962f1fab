/**
 * As much of an error as may be written into a log.
 *
 * @module
 */

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => Error;

/** An error without anything that a client may have sent (I8). */
export interface DescribedError {
  /** The name of its class; `string`, `undefined` and so on for what is no error. */
  readonly name: string;
  /** A system's or a library's fixed word, such as `ENOSPC`. */
  readonly code?: string;
  /** Only of Titan's own errors. */
  readonly message?: string;
  /** Where it happened, innermost first: `function (file:line:column)`. */
  readonly frames: readonly string[];
  /** What led to it. */
  readonly cause?: DescribedError;
}

/** Causes of causes that are told. */
const CAUSES_MAX = 3;

/** Frames of one error that are told; V8 keeps ten unless it is asked for more. */
const FRAMES_MAX = 10;

/** What a class or a fixed word looks like; a text that somebody wrote hardly does. */
const WORD = /^[A-Za-z]\w{0,63}$/;

/** One line of a stack, as V8 writes it: where in some file, and in which function. */
const FRAME =
  /^ {4}at ((?:(?:async |new )?[\w.$<>#[\] ]{1,120} \()?(?:file|ext|node|npm|https?):\S{1,300}:\d+:\d+\)?)$/;

/**
 * Describes an error.
 *
 * @param error what was thrown, of whatever type
 * @param own classes whose messages are known to hold nothing that a client sent
 */
export function describeError(error: unknown, own: readonly ErrorClass[]): DescribedError {
  return describe(error, own, CAUSES_MAX);
}

function describe(error: unknown, own: readonly ErrorClass[], causes: number): DescribedError {
  if (!(error instanceof Error)) return { name: typeof error, frames: [] };
  const code = "code" in error ? error.code : undefined;
  const cause = error.cause === undefined || causes === 0 ? undefined : error.cause;
  return {
    name: WORD.test(error.name) ? error.name : "Error",
    ...(typeof code === "string" && WORD.test(code) ? { code } : {}),
    ...(own.some((type) => error instanceof type) ? { message: error.message } : {}),
    frames: framesOf(error),
    ...(cause === undefined ? {} : { cause: describe(cause, own, causes - 1) }),
  };
}

/** The stack without its first lines: those repeat the message, which may hold anything. */
function framesOf(error: Error): readonly string[] {
  const { message, stack = "" } = error;
  const start = stack.indexOf(message);
  // A message that was changed later leaves an old one in the stack, of unknown length.
  if (start < 0) return [];
  return stack.slice(start + message.length).split("\n").slice(1)
    .map((line) => FRAME.exec(line)?.[1])
    .filter((frame) => frame !== undefined)
    .slice(0, FRAMES_MAX);
}
