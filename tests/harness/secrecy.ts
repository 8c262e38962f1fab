/**
 * I8 in the whole test run: everything that any server of the tests logged is searched when the
 * server ends, for what looks like a secret, for the secrets it was given, and for what the clients
 * of the tests said to each other and signed in with.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Tokens, keys, and the headers that carry them, whoever made them. */
const SHAPES = [
  /eyJ[\w-]{8,}\.[\w-]+\.[\w-]+/,
  /-----BEGIN [A-Z ]+-----/,
  /\bBearer\s+[^\s"]{16,}/i,
];

/** Variables that hold a secret. */
const SECRET_VARIABLES = [
  "TITAN_JWT_SECRET",
  "TITAN_ADMIN_TOKEN",
  "TITAN_APNS_KEY",
  "TITAN_VAPID_PRIVATE",
];

/** Members of what clients send that nobody else is to read. */
const CONFIDENTIAL: ReadonlySet<string> = new Set([
  "message",
  "token",
  "text",
  "nonce",
  "auth",
  "p256dh",
]);

/** Shorter texts are words that stand in logs as well, for reasons of their own. */
const CHARS_MIN = 12;

/** What is searched for of a long text: the log cuts what it is given at 256 characters. */
const CHARS_MAX = 200;

/** Texts that are remembered, the newest: some tests send a hundred thousand. */
const TEXTS_MAX = 2000;

const confided = new Set<string>();

/** Remembers what is confidential in a frame that a client sends. @returns the frame */
export function confide(frame: unknown): unknown {
  if (typeof frame !== "object" || frame === null) return frame;
  const members = Object.entries(frame);
  const named = members.find(([name]) => name === "to")?.[1];
  for (const [name, value] of members) {
    if (typeof value !== "string") confide(value);
    // Whoever sends somebody their own name confides nothing.
    else if (CONFIDENTIAL.has(name) && value.length >= CHARS_MIN && value !== named) {
      keep(value.slice(0, CHARS_MAX));
    }
  }
  return frame;
}

/** The secrets among variables. */
export function secretsAmong(env: Readonly<Record<string, string>>): readonly string[] {
  return SECRET_VARIABLES.flatMap((name) => (env[name] ?? "").split(","))
    .filter((secret) => secret.length >= CHARS_MIN);
}

/** Expects a log to hold nothing confidential. @param secrets beside what clients have sent */
export function assertNothingTold(log: string, secrets: readonly string[] = []): void {
  const shapes = SHAPES.flatMap((shape) => shape.exec(log)?.[0] ?? []);
  const texts = [...secrets, ...confided].filter((text) =>
    log.includes(text) || log.includes(JSON.stringify(text).slice(1, -1))
  );
  assert.deepEqual([...shapes, ...texts], [], "a server has logged what it must not (I8)");
}

function keep(text: string): void {
  const [oldest] = confided.size >= TEXTS_MAX ? confided : [];
  if (oldest !== undefined) confided.delete(oldest);
  confided.add(text);
}
