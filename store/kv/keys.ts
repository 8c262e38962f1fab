/**
 * Every key of the database, each built here and nowhere else.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { AsidePlace, Device, Position, PushAddress } from "../store.ts";
import type { Key, Range } from "./database.ts";

// Deno KV orders parts by type before value, and numbers after strings: Infinity ends any range.

/** The process that owns the file: `{instance, pid, since}`. */
export const ownerKey: Key = ["owner"];

/** What names this life of the content: `{epoch}`. Backups leave it out. */
export const epochKey: Key = ["epoch"];

/** Where the counters stood when the journal was last cut: `{segment, position}`. */
export const countersKey: Key = ["counters"];

/** One value of a journal segment: a commit's lines, cut in pieces of one value each. */
export function journalKey(segment: number, part: number): Key {
  return ["journal", segment, part];
}

/** All segments from one on. */
export function journalRange(from: number): Range {
  return { start: ["journal", from], end: ["journal", Infinity] };
}

/** The slots of the files that hold segments beside those rows: a list in JSON. */
export const journalFilesKey: Key = ["journal_files"];

/** A user: {@linkcode User} in JSON. */
export function userKey(user: string): Key {
  return ["users", user];
}

/** All users after an id. */
export function usersRange(after: string): Range {
  return { start: ["users", after, ""], end: ["users", Infinity] };
}

/** Says that a user has an e-mail address. */
export function emailKey(email: string, user: string): Key {
  return ["emails", digest(email), user];
}

/** All users with an e-mail address. */
export function emailsRange(email: string): Range {
  const name = digest(email);
  return { start: ["emails", name], end: ["emails", name, Infinity] };
}

/** The user in an {@linkcode emailKey}. */
export function emailUser(key: Key): string {
  return key[2] as string;
}

/** A device: {@linkcode Device} in JSON. */
export function deviceKey(user: string, device: string): Key {
  return ["devices", user, device];
}

/** All devices of a user. */
export function devicesRange(user: string): Range {
  return { start: ["devices", user], end: ["devices", user, Infinity] };
}

/** All devices of all users, or those after one. */
export function allDevicesRange(after: Pick<Device, "user" | "id"> | null): Range {
  const start = after === null ? ["devices"] : [...deviceKey(after.user, after.id), ""];
  return { start, end: ["devices", Infinity] };
}

/** The device that has a push address: its `{user, id}`. */
export function pushKey({ provider, token }: Pick<PushAddress, "provider" | "token">): Key {
  return ["pushes", provider, digest(token)];
}

/**
 * What is refused of a user: `{before}`. It stays when the user is removed, and so it must not tell
 * who that was: whoever knows the id finds the row, and nobody reads the id in it.
 */
export function revokedUserKey(user: string): Key {
  return ["revoked_users", digest(user)];
}

/** A token that is refused: `{until}`. */
export function revokedTokenKey(tokenId: string): Key {
  return ["revoked_tokens", digest(tokenId)];
}

/** Says that a token which is refused ends then. */
export function tokenExpiryKey(until: number, tokenId: string): Key {
  return ["revoked_token_expiries", until, digest(tokenId)];
}

/** All refused tokens that have ended by a time. */
export function tokenExpiriesRange(now: number): Range {
  return { start: ["revoked_token_expiries"], end: ["revoked_token_expiries", now, Infinity] };
}

/** The {@linkcode revokedTokenKey} of a {@linkcode tokenExpiryKey}. */
export function expiredTokenKey(key: Key): Key {
  return ["revoked_tokens", key[2] as string];
}

/** What is known of a mailbox beside its entries: cursors, counts, how far it is settled. */
export function mailboxKey(user: string): Key {
  return ["mailboxes", user];
}

/** Settled entries of one mailbox, many in a value, under the position of the last of them. */
export function chunkKey(user: string, last: Position, part: number): Key {
  return ["messages", user, last, part];
}

/** The chunks of one mailbox that reach past a position. */
export function chunksRange(user: string, after: Position): Range {
  return { start: ["messages", user, after + 1], end: ["messages", user, Infinity] };
}

/** The position in a {@linkcode chunkKey}. */
export function chunkLast(key: Key): Position {
  return key[2] as Position;
}

/** Says that a mailbox has to be looked at then: something in its rows may expire. */
export function expiryKey(expires: number, user: string): Key {
  return ["expiries", expires, user];
}

/** Everything that has expired by a time, or what of it is after an {@linkcode expiryKey}. */
export function expiriesRange(now: number, after: Key | null = null): Range {
  return { start: after === null ? ["expiries"] : [...after, ""], end: ["expiries", now + 1] };
}

/** The user in an {@linkcode expiryKey}. */
export function expiryUser(key: Key): string {
  return key[2] as string;
}

/**
 * Stands for a sender beside cids, whose time may be over only weeks after the sender was removed:
 * nobody reads an id in it. 132 bits are enough that no two are alike.
 */
export function senderMark(sender: string): string {
  return digest(sender).slice(0, 22);
}

/** A client's own message id and what became of it; its sender as {@linkcode senderMark}. */
export function cidKey(mark: string, cid: string): Key {
  return ["cids", mark, cid];
}

/** All cids of one sender. */
export function cidsOfRange(mark: string): Range {
  return { start: ["cids", mark], end: ["cids", mark, Infinity] };
}

/** All cids of all senders, or those after one {@linkcode cidKey}. */
export function cidsRange(after: Key | null): Range {
  return { start: after === null ? ["cids"] : [...after, ""], end: ["cids", Infinity] };
}

/** The mark of the sender and the cid in a {@linkcode cidKey}. */
export function cidNames(key: Key): [mark: string, cid: string] {
  return [key[1] as string, key[2] as string];
}

/** Names cids that can be forgotten after a time. */
export function cidExpiryKey(expires: number, segment: number): Key {
  return ["cid_expiries", expires, segment];
}

/** All lists of cids that can be forgotten by a time. */
export function cidExpiriesRange(now: number): Range {
  return { start: ["cid_expiries"], end: ["cid_expiries", now + 1] };
}

/** Whose devices may be owed a push: `[device, provider]` of each, in JSON. */
export function outboxKey(user: string): Key {
  return ["outbox", user];
}

/** All of those after a user. */
export function outboxRange(after: string): Range {
  return { start: ["outbox", after, ""], end: ["outbox", Infinity] };
}

/** The user in an {@linkcode outboxKey}. */
export function outboxUser(key: Key): string {
  return key[1] as string;
}

/** An entry that a device refused. */
export function asideKey(user: string, device: string, position: Position, part: number): Key {
  return ["aside", user, device, position, part];
}

/** All entries that devices of a user refused, or those after one. */
export function asidesRange(user: string, after: AsidePlace | null = null): Range {
  const start = after === null ? [] : [after.device, after.position + 1];
  return { start: ["aside", user, ...start], end: ["aside", user, Infinity] };
}

/** What an {@linkcode asideKey} says. */
export function asidePlace(key: Key): AsidePlace {
  return { device: key[2] as string, position: key[3] as Position };
}

/** A removal that is not finished. */
export function removalKey(user: string): Key {
  return ["removals", user];
}

/** The user in a {@linkcode removalKey}. */
export function removalUser(key: Key): string {
  return key[1] as string;
}

/** All removals that are not finished. */
export const removalsRange: Range = { start: ["removals"], end: ["removals", Infinity] };

/** Stands for a text that may be longer than a key, and is only ever compared. */
function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
