/**
 * Makes of a message that a client sends the draft that the store keeps.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { TTL_SECONDS_MAX } from "../limits.ts";
import type { Draft } from "../store/mod.ts";
import { bodyOf } from "./message.ts";
import type { Identity, Services, Session } from "./session.ts";
import { ECHO_USER } from "./user_id.ts";

/** A message as a client sends it, checked and in normal form. */
export interface SendItem {
  readonly to: string;
  readonly message: string;
  /** RFC 3339, or milliseconds since 1970. */
  readonly time?: string | number | undefined;
  readonly cid?: string | undefined;
  /** In seconds. */
  readonly ttl?: number | undefined;
  /** Whether it is worth waking a device for at once. */
  readonly urgent?: boolean | undefined;
}

/** What the drafts of one `msg.send` have in common. */
export interface SendContext {
  readonly session: Session;
  readonly identity: Identity;
  readonly services: Services;
  /** When the messages are accepted, in milliseconds since 1970. */
  readonly now: number;
  /** Formats a time for the wire. */
  readonly isoTime: (ms: number) => string;
}

/** 132 of the digest's 256 bits: nobody finds two contents alike, and it is kept for weeks. */
const FINGERPRINT_CHARS = 22;

const SECOND_MS = 1000;

/**
 * Makes a draft. What is sent to the echo bot comes back from it.
 *
 * @param item the message
 * @param context who sends it, and when
 */
export function draftOf(item: SendItem, context: SendContext): Draft {
  const { session, services, now, identity: { user, device } } = context;
  const echoed = item.to === ECHO_USER;
  const id = services.newId();
  const from = echoed ? ECHO_USER : user;
  const to = echoed ? user : item.to;
  const time = context.isoTime(writtenAt(item.time, now));
  const body = bodyOf({ id, from, to, time, message: item.message });
  return {
    id,
    kind: "message",
    sender: user,
    from,
    to,
    device,
    time: now,
    expires: now + (item.ttl ?? TTL_SECONDS_MAX) * SECOND_MS,
    cid: item.cid,
    fingerprint: item.cid === undefined ? undefined : fingerprintOf(item),
    receipt: session.receipts,
    urgent: item.urgent ?? false,
    body,
    bytes: Buffer.byteLength(body),
  };
}

/**
 * When a message was written, as far as its sender can be believed: nobody writes in the future,
 * and a time before 1970 is what the ancestors' clients send where none was set.
 */
function writtenAt(time: string | number | undefined, now: number): number {
  if (time === undefined) return now;
  const ms = typeof time === "number" ? time : Date.parse(time);
  return ms >= 0 && ms <= now ? ms : now;
}

/** Stands for what a receiver sees of a message (I5). No user id holds a line break. */
function fingerprintOf({ to, message }: SendItem): string {
  return createHash("sha256").update(`${to}\n`).update(message).digest("base64url")
    .slice(0, FINGERPRINT_CHARS);
}
