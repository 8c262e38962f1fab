/**
 * `titan revoke`: refuses one token. The token itself is never printed, not even where it is wrong.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { TOKEN_CHARS_MAX } from "../../limits.ts";
import { REFRESH_TYPE, tokenIdOf } from "../auth/mod.ts";
import { DATE_MS_MAX } from "../clock.ts";
import { tokenIdSchema } from "../operator_protocol.ts";
import { DURATION_ALLOWED, parseDuration } from "./duration.ts";
import { CommandError, EXIT } from "./exit.ts";
import { localDateTime } from "./local_time.ts";
import { printableLine } from "./printable.ts";
import type { Program } from "./program.ts";
import { toJson } from "./user_output.ts";
import { withUsers } from "./with_users.ts";

/** Where a token is read from that must not be seen on the command line. */
const STDIN = "-";

/** What is read there at most, in characters: a token, and room for line breaks around it. */
const INPUT_CHARS_MAX = TOKEN_CHARS_MAX + 1024;

/** How long a token is remembered that does not say when it ends: as long as `titan token` allows. */
const FOR_DEFAULT = "3650d";

/** The longest time that a token may be remembered, in seconds: a hundred years. */
const FOR_SECONDS_MAX = 100 * 365 * 24 * 3600;

/** The options of the command. */
export interface RevokeOptions {
  /** How long to remember a token that does not say when it ends. */
  readonly for?: string;
  /** Print JSON. */
  readonly json?: boolean;
}

/** A token that is to be refused. */
export interface RevokedToken {
  /** What it is known by. */
  readonly id: string;
  /** When it ends by itself, in milliseconds since 1970; undefined where that is not known. */
  readonly expires: number | undefined;
}

/** `titan revoke`. @throws {CommandError} what was given is neither a token nor an id. */
export async function revokeToken(
  program: Program,
  given: readonly string[],
  options: RevokeOptions,
): Promise<void> {
  const [argument = "", ...more] = given;
  // The parser would print all of them.
  if (more.length > 0) throw new CommandError("Give one token or id, and no more", EXIT.usage);
  const { for: time = FOR_DEFAULT, json = false } = options;
  const seconds = parseDuration(time, FOR_SECONDS_MAX);
  if (seconds === undefined) {
    throw new CommandError(`Option --for must be ${DURATION_ALLOWED}: it is "${time}"`, EXIT.usage);
  }
  const text = argument === STDIN ? await readLine(Deno.stdin.readable) : argument;
  const { id, expires } = revokedToken(text);
  if (expires !== undefined && options.for !== undefined) {
    throw new CommandError("Option --for is for an id: the token says when it ends", EXIT.usage);
  }
  const now = program.clock.now();
  const until = expires ?? now + seconds * 1000;
  await withUsers(program, false, (users) => users.revokeToken(id, until));
  if (json) {
    console.log(toJson({ id, until: new Date(until).toISOString() }));
    return;
  }
  const end = until <= now ? ", which ended" : " until";
  console.log(`Revoked ${printableLine(id)}${end} ${localDateTime(until)}`);
}

/**
 * What is meant by a whole token, or by an id of one. Nothing is proved: who may revoke tokens may
 * revoke any.
 *
 * @throws {CommandError} it is neither. The message holds nothing of it.
 */
export function revokedToken(text: string): RevokedToken {
  if (isLikeToken(text)) return readToken(text);
  const id = tokenIdSchema.safeParse(text);
  if (id.success) return { id: id.data, expires: undefined };
  throw new CommandError("What was given is neither a token nor the id of one", EXIT.usage);
}

/** Reads a token. @throws {CommandError} it is not whole, or of another kind. */
function readToken(token: string): RevokedToken {
  const { type, id, end } = decode(token);
  if (type === REFRESH_TYPE) {
    throw new CommandError(
      "A refresh token has no id: log its user out, or remove its device",
      EXIT.usage,
    );
  }
  const expires = Math.round(Number(end) * 1000);
  return { id, expires: expires >= 0 && expires <= DATE_MS_MAX ? expires : undefined };
}

function decode(token: string): { type: unknown; id: string; end: unknown } {
  try {
    const { typ } = decodeProtectedHeader(token);
    return {
      type: typ,
      id: typ === REFRESH_TYPE ? "" : tokenIdOf(token),
      end: decodeJwt(token).exp,
    };
  } catch {
    throw new CommandError("What was given is not a whole token that Titan takes", EXIT.usage);
  }
}

/** Whether a text is a token or a piece of one: some part of it is JSON (RFC 7519 §3). */
function isLikeToken(text: string): boolean {
  const parts = text.split(".");
  const isJson = (part: string) => /^\s*\{/.test(Buffer.from(part, "base64url").toString());
  return parts.length > 1 && parts.some(isJson);
}

/**
 * Reads one line, and whatever is behind it: of two tokens, one must not be left out in silence.
 *
 * @throws {CommandError} there is none, or more than one, or one that is too long.
 */
export async function readLine(input: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of input) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > INPUT_CHARS_MAX) break;
  }
  const line = text.trim();
  if (line === "" || /\s/.test(line) || line.length > TOKEN_CHARS_MAX) {
    throw new CommandError("Standard input must hold one token or id, and no more", EXIT.usage);
  }
  return line;
}
