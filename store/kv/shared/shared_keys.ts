/**
 * The keys that a shared database has beside those of `../keys.ts`, each built here.
 *
 * @module
 */
import type { Key, Range } from "../database.ts";

/**
 * After so long the database itself forgets what is of a server that is gone, in milliseconds: its
 * own row, and what others wrote for it.
 */
export const ROW_MS = 3600 * 1000;

/** Says that the content is of this store, and in which form. */
export const formatKey: Key = ["format"];

/** Who does the work that one does for all: a `Leader`. */
export const leaderKey: Key = ["leader"];

/** A server that is there: until when. */
export function instanceKey(instance: string): Key {
  return ["instances", instance];
}

/** All servers after one; "" for the start. */
export function instancesRange(after: string): Range {
  return { start: ["instances", after, ""], end: ["instances", Infinity] };
}

/** The server in an {@linkcode instanceKey}. */
export function instanceOf(key: Key): string {
  return key[1] as string;
}

/** The one key that a server watches: it changes whenever there is something for it. */
export function wakeKey(instance: string): Key {
  return ["wake", instance];
}

/** Says that the mailbox of a user has something for a server. */
export function wokenKey(instance: string, user: string): Key {
  return ["woken", instance, user];
}

/** All mailboxes that have something for a server. */
export function wokenRange(instance: string): Range {
  return { start: ["woken", instance], end: ["woken", instance, Infinity] };
}

/** The user in a {@linkcode wokenKey}. */
export function wokenUser(key: Key): string {
  return key[2] as string;
}

/** What another server said to a server. */
export function noticeKey(instance: string, id: string): Key {
  return ["notices", instance, id];
}

/** All that others said to a server. */
export function noticesRange(instance: string): Range {
  return { start: ["notices", instance], end: ["notices", instance, Infinity] };
}

/**
 * Changes with all cids of a sender: one check for all of them, however many a commit has.
 *
 * @param mark see `senderMark` of `../keys.ts`
 */
export function senderKey(mark: string): Key {
  return ["senders", mark];
}

/**
 * Where the mailbox of a removed user ended: `{last}`. The next one of the name goes on from there,
 * so that nothing said of the earlier one can mean anything in it.
 *
 * @param mark see `senderMark` of `../keys.ts`: nobody reads the id in it
 */
export function graveKey(mark: string): Key {
  return ["graves", mark];
}

/** A part of a call that is stored whole or not at all, and too large for one commit. */
export function promisedKey(call: string, group: number, part: number): Key {
  return ["promised", call, group, part];
}

/** Says that a call was promised; kept longer than a commit can take. */
export function promiseKey(call: string): Key {
  return ["promises", call];
}

/** All parts of all such calls. */
export const promisedRange: Range = { start: ["promised"], end: ["promised", Infinity] };

/** The parts of one group. */
export function promisedGroupRange(call: string, group: number): Range {
  return { start: ["promised", call, group], end: ["promised", call, group, Infinity] };
}

/** The call and the group in a {@linkcode promisedKey}. */
export function promisedGroup(key: Key): [call: string, group: number] {
  return [key[1] as string, key[2] as number];
}
