/**
 * `msg.send`: accepts messages. "ACK", and `accepted`, mean that they are on disk (I1).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { z } from "zod";
import {
  CID_BYTES_MAX,
  MESSAGE_TEXT_BYTES_MAX,
  SEND_MESSAGES_MAX,
  TTL_SECONDS_MAX,
  USER_ID_BYTES_MAX,
} from "../../limits.ts";
import type { Draft, Outcome } from "../../store/mod.ts";
import { draftOf, type SendContext, type SendItem } from "../draft.ts";
import { invalidParams, type Refusal, stringCheck, WORDLESS } from "../invalid_params.ts";
import { createIsoTime } from "../iso_time.ts";
import { ACK, defineMethod, identityOf, type JsonText, type Method } from "../method.ts";
import { schemaOf } from "../json_schema.ts";
import { RpcError, type RpcErrorDetails, type RpcErrorName } from "../rpc_error.ts";
import { parseCid, parseUserId } from "../user_id.ts";

/**
 * When senders may try again whose receiver's mailbox is full, in seconds. Nobody knows when the
 * receiver's devices will read; one that is reading makes room within this.
 */
const FULL_RETRY_SECONDS = 60;

const to = z.string().check(
  stringCheck((value) => parseUserId(value) ?? unfitId(USER_ID_BYTES_MAX)),
).meta({
  description: "The receiver's user id, compared without case",
  minLength: 1,
  maxLength: USER_ID_BYTES_MAX,
});

const cid = z.string().check(stringCheck((value) => parseCid(value) ?? unfitId(CID_BYTES_MAX)))
  .meta({
    description: "The client's own id: repeated with the same content it is stored once",
    minLength: 1,
    maxLength: CID_BYTES_MAX,
  });

const message = z.string().check(stringCheck(judgeText)).meta({
  description: `The text, at most ${MESSAGE_TEXT_BYTES_MAX} bytes in UTF-8`,
  minLength: 1,
  maxLength: MESSAGE_TEXT_BYTES_MAX,
});

const item = z.object({
  to,
  message,
  // Optional members cost a message nothing only as plain optionals without a transform.
  time: z.union([z.iso.datetime({ offset: true }), z.int()]).optional().meta({
    description: "When it was written: RFC 3339, or milliseconds since 1970",
  }),
  cid: cid.optional(),
  ttl: z.int().min(1).max(TTL_SECONDS_MAX).optional().meta({
    description: "Seconds after which it is no longer worth delivering",
    default: TTL_SECONDS_MAX,
  }),
  urgent: z.boolean().optional().meta({ description: "Whether it is worth waking a device for" }),
});

const compiledItem = z.compile(item);

/** By name every message stands for itself, so they are checked one by one, by the same schema. */
const byName = z.object({
  messages: z.array(z.unknown().meta(schemaOf(item))).min(1).max(SEND_MESSAGES_MAX),
});

const accepted = z.object({
  index: z.int(),
  id: z.string(),
  time: z.iso.datetime(),
  cid: z.string().optional(),
  duplicate: z.literal(true).optional(),
});

const rejected = z.object({
  index: z.int(),
  code: z.int(),
  message: z.string(),
  retryable: z.boolean().meta({ description: "Whether the same message can be accepted later" }),
  retryAfter: z.int().optional().meta({ description: "Seconds after which a retry can help" }),
});

const report = z.object({ accepted: z.array(accepted), rejected: z.array(rejected) });

/** What became of each message of a by-name call. */
type Report = z.output<typeof report>;

/** Makes the method; the only thing it keeps is a formatter of times. */
export function createMsgSend(): Method {
  const isoTime = createIsoTime();
  return defineMethod({
    name: "msg.send",
    summary: "Accepts messages: by position all or none, by name each for itself.",
    access: "user",
    params: z.union([z.array(item).min(1).max(SEND_MESSAGES_MAX), byName]),
    result: z.union([z.literal("ACK"), report]),
    handler(params, session, services) {
      const identity = identityOf(session);
      const context = { session, identity, services, now: services.now(), isoTime };
      return Array.isArray(params) ? sendAll(params, context) : sendEach(params.messages, context);
    },
  });
}

function sendAll(items: readonly SendItem[], context: SendContext): Promise<JsonText> {
  context.session.takeSend(items.length);
  const drafts = items.map((it) => draftOf(it, context));
  const appended = context.services.mailboxes.append(drafts, ATOMIC);
  return acknowledgeAll(appended, items.length);
}

const ATOMIC = { atomic: true } as const;

/** What waits here for the disk keeps hold of nothing that a message is made of. */
function acknowledgeAll(
  appended: Promise<readonly Outcome[]>,
  messages: number,
): Promise<JsonText> {
  return appended.then((outcomes) => acknowledge(outcomes, messages));
}

function acknowledge(outcomes: readonly Outcome[], messages: number): JsonText {
  let stored = 0;
  for (const [index, { kind }] of outcomes.entries()) {
    // What was skipped was so because of another, which says why.
    if (kind === "skipped") continue;
    const error = refusalOf(kind);
    if (error !== undefined) throw refusal(error, { index });
    stored++;
  }
  // I1: whatever the store did instead, nothing is acknowledged that it does not say it stored.
  if (stored < messages) throw new Error("Store answered an atomic append with less than all");
  return ACK;
}

async function sendEach(messages: readonly unknown[], context: SendContext): Promise<Report> {
  const told: Report = { accepted: [], rejected: [] };
  const drafts: Draft[] = [];
  const indexes: number[] = [];
  context.session.takeSend(messages.length);
  for (const [index, message] of messages.entries()) {
    const parsed = compiledItem.safeParse(message, WORDLESS);
    if (parsed.success) {
      drafts.push(draftOf(parsed.data, context));
      indexes.push(index);
    } else {
      told.rejected.push(rejection(index, invalidParams(parsed.error, ["messages", index])));
    }
  }
  const outcomes = drafts.length === 0 ? [] : await context.services.mailboxes.append(drafts);
  for (const [at, draft] of drafts.entries()) {
    const outcome = outcomes[at];
    const index = indexes[at];
    if (outcome === undefined || index === undefined) throw new Error("Store left out an outcome");
    tell(told, { index, draft, outcome }, context);
  }
  told.rejected.sort((a, b) => a.index - b.index);
  return told;
}

/** One draft of a by-name call and what became of it. */
interface Told {
  readonly index: number;
  readonly draft: Draft;
  readonly outcome: Outcome;
}

function tell(report: Report, { index, draft, outcome }: Told, { isoTime }: SendContext): void {
  const error = refusalOf(outcome.kind);
  if (error !== undefined) {
    report.rejected.push(rejection(index, refusal(error)));
    return;
  }
  // I5: a repeat gets the first answer again.
  const { id, time } = outcome.kind === "duplicate" ? outcome : draft;
  report.accepted.push({
    index,
    id,
    time: isoTime(time),
    ...(draft.cid === undefined ? {} : { cid: draft.cid }),
    ...(outcome.kind === "duplicate" ? { duplicate: true } : {}),
  });
}

function rejection(index: number, error: RpcError): Report["rejected"][number] {
  const { code, message, data: { retryable, retryAfter } } = error;
  const row = { index, code, message, retryable };
  return retryAfter === undefined ? row : { ...row, retryAfter };
}

/** What the sender is told; of a full mailbox also what can empty it, and when. */
function refusal(key: RpcErrorName, details: RpcErrorDetails = {}): RpcError {
  if (key !== "mailbox_full") return new RpcError(key, details);
  return new RpcError(key, {
    ...details,
    detail: "there is room again when the receiver's devices have read",
    retryAfter: FULL_RETRY_SECONDS,
  });
}

/** The error for an outcome, or undefined where the message is stored. */
function refusalOf(kind: Outcome["kind"]): RpcErrorName | undefined {
  switch (kind) {
    case "accepted":
    case "duplicate":
      return undefined;
    case "unknown":
      return "unknown_receiver";
    case "full":
      return "mailbox_full";
    case "conflict":
      return "cid_conflict";
    case "skipped":
      return "internal_error";
    case "refused":
      return "unavailable";
  }
}

function judgeText(text: string): string | Refusal {
  if (text === "") return { detail: "must not be empty" };
  // No character takes more than three bytes of UTF-8, so most texts need not be measured.
  if (
    text.length * 3 > MESSAGE_TEXT_BYTES_MAX && Buffer.byteLength(text) > MESSAGE_TEXT_BYTES_MAX
  ) {
    const detail = `must be at most ${MESSAGE_TEXT_BYTES_MAX} bytes long`;
    return { error: "message_too_long", detail, limit: MESSAGE_TEXT_BYTES_MAX };
  }
  // A lone surrogate has no UTF-8, so it would arrive as something else.
  return text.isWellFormed() ? text : { detail: "must be well-formed Unicode" };
}

function unfitId(limit: number): Refusal {
  return {
    detail: `must be 1 to ${limit} bytes without white space or control characters`,
    limit,
  };
}
