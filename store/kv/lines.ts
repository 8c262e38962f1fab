/**
 * The text form of what the journal and the chunks hold: a line a thing, fields parted by tabs.
 * One encoding of a whole commit costs a fraction of one structured clone a message.
 *
 * @module
 */
import type { Draft, Entry, Position, PushAddress, Spoken } from "../store.ts";

/** An entry as this backend holds it. */
export interface StoredEntry extends Entry {
  /** Whether the sender's own mailbox has it too. */
  readonly copied: boolean;
}

/** How a push reaches a device, and the last one that did. */
export interface Reach extends Spoken {
  readonly provider: PushAddress["provider"];
}

/** What stands behind a device's cursor. */
export interface CursorState {
  readonly position: Position;
  readonly sent: Position;
  readonly live: boolean;
  /** Undefined where no push reaches the device. */
  readonly reach?: Reach | undefined;
}

/** One line, read. */
export type Line =
  | { readonly kind: "entry"; readonly entry: StoredEntry }
  | {
    readonly kind: "cursor";
    readonly user: string;
    readonly device: string;
    readonly state: CursorState;
    /** What some device of the user has acknowledged, as `Stretches` write it. */
    readonly acknowledged: string;
  }
  | {
    readonly kind: "forgotten";
    readonly user: string;
    readonly device: string;
    readonly born: Position;
  }
  | { readonly kind: "removed"; readonly user: string };

const RECEIPT_KIND = 1;
const RECEIPT_WANTED = 2;
const COPIED = 4;
const URGENT = 8;

/** Gives a draft its place. */
export function place(draft: Draft, position: Position, copied: boolean): StoredEntry {
  return {
    position,
    id: draft.id,
    kind: draft.kind,
    sender: draft.sender,
    from: draft.from,
    to: draft.to,
    device: draft.device,
    time: draft.time,
    expires: draft.expires,
    cid: draft.cid,
    fingerprint: draft.fingerprint,
    receipt: draft.receipt,
    urgent: draft.urgent,
    body: draft.body,
    bytes: draft.bytes,
    copied,
  };
}

/** The line of an entry. */
export function entryLine(entry: StoredEntry): string {
  const flags = (entry.kind === "receipt" ? RECEIPT_KIND : 0) |
    (entry.receipt ? RECEIPT_WANTED : 0) | (entry.copied ? COPIED : 0) |
    (entry.urgent ? URGENT : 0);
  return "m\t" + entry.position + "\t" + entry.to + "\t" + entry.sender + "\t" + entry.from + "\t" +
    entry.device + "\t" + entry.id + "\t" + entry.time + "\t" + entry.expires + "\t" + flags +
    "\t" + (entry.cid ?? "") + "\t" + (entry.fingerprint ?? "") + "\t" + entry.bytes + "\t" +
    entry.body + "\n";
}

/**
 * The line of a device's cursor; the last one of a device counts.
 *
 * @param acknowledged what some device of the user has acknowledged, as `Stretches` write it
 */
export function cursorLine(
  user: string,
  device: string,
  { position, sent, live, reach }: CursorState,
  acknowledged: string,
): string {
  const line = "c\t" + user + "\t" + device + "\t" + position + "\t" + sent + "\t" +
    (live ? 1 : 0) + "\t" + acknowledged;
  if (reach === undefined) return line + "\n";
  return line + "\t" + reach.provider + "\t" + reach.upTo + "\t" + reach.at + "\n";
}

/** The line that ends a device's cursor; `born` as in `MailboxRow`. */
export function forgottenLine(user: string, device: string, born: Position): string {
  return `f\t${user}\t${device}\t${born}\n`;
}

/** The line that ends a user: what stands before it is void. */
export function removedLine(user: string): string {
  return `x\t${user}\n`;
}

/** Reads lines back. @throws {Error} the text is not one that this file wrote. */
export function* parseLines(text: string): Generator<Line> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf("\n", start);
    if (end < 0) throw new Error("Cannot read the store: a line has no end");
    yield parseLine(text.slice(start, end));
    start = end + 1;
  }
}

function parseLine(line: string): Line {
  const fields = line.split("\t");
  const [kind, user = "", device = ""] = fields;
  if (kind === "m" && fields.length === 14) return { kind: "entry", entry: parseEntry(fields) };
  if (kind === "c" && (fields.length === 7 || fields.length === 10)) {
    const [position = 0, sent = 0, live = 0] = fields.slice(3, 6).map(Number);
    const acknowledged = fields[6] ?? "";
    const state = { position, sent, live: live === 1, ...parseReach(fields.slice(7)) };
    return { kind: "cursor", user, device, state, acknowledged };
  }
  if (kind === "f" && fields.length === 4) {
    return { kind: "forgotten", user, device, born: Number(fields[3]) };
  }
  if (kind === "x" && fields.length === 2) return { kind: "removed", user };
  throw new Error("Cannot read the store: a line is not understood");
}

function parseReach([provider, upTo, at]: readonly string[]): Pick<CursorState, "reach"> {
  if (provider === undefined) return {};
  const reach = { provider: provider as Reach["provider"], upTo: Number(upTo), at: Number(at) };
  return { reach };
}

function parseEntry(fields: readonly string[]): StoredEntry {
  const [, position, to, sender, from, device, id, time, expires, flags, cid, print, bytes, body] =
    fields as [string, ...string[]] & { length: 14 };
  const bits = Number(flags);
  return {
    position: Number(position),
    id: id ?? "",
    kind: bits & RECEIPT_KIND ? "receipt" : "message",
    sender: sender ?? "",
    from: from ?? "",
    to: to ?? "",
    device: device ?? "",
    time: Number(time),
    expires: Number(expires),
    cid: cid === "" ? undefined : cid,
    fingerprint: print === "" ? undefined : print,
    receipt: (bits & RECEIPT_WANTED) !== 0,
    urgent: (bits & URGENT) !== 0,
    body: body ?? "",
    bytes: Number(bytes),
    copied: (bits & COPIED) !== 0,
  };
}
