/**
 * The clients' own message ids in memory (I5).
 *
 * @module
 */
import { CID_MS_MIN } from "../../limits.ts";
import type { Draft, Outcome } from "../store.ts";

/** The first message under a `cid`. */
interface Cid {
  readonly sender: string;
  readonly id: string;
  readonly time: number;
  readonly fingerprint: string | undefined;
  /** When it is forgotten, in milliseconds since 1970. */
  readonly until: number;
}

/** All cids of all senders. */
export class MemoryCids {
  readonly #cids = new Map<string, Cid>();

  /** What a draft is if its `cid` came before, or undefined if it did not. */
  find(draft: Draft, now: number): Outcome | undefined {
    const cid = draft.cid === undefined ? undefined : this.#cids.get(keyOf(draft, draft.cid));
    if (cid === undefined || cid.until <= now) return undefined;
    return cid.fingerprint === draft.fingerprint
      ? { kind: "duplicate", id: cid.id, time: cid.time }
      : { kind: "conflict" };
  }

  /** Remembers the `cid` of a draft, where it has one. */
  add(draft: Draft): void {
    if (draft.cid === undefined) return;
    const { sender, id, time, fingerprint, expires } = draft;
    const until = Math.max(time + CID_MS_MIN, expires);
    this.#cids.set(keyOf(draft, draft.cid), { sender, id, time, fingerprint, until });
  }

  /** Drops those of a sender who was removed. */
  forget(sender: string): void {
    for (const [key, cid] of this.#cids) if (cid.sender === sender) this.#cids.delete(key);
  }

  /** Drops those whose time is over. */
  sweep(now: number): void {
    for (const [key, cid] of this.#cids) if (cid.until <= now) this.#cids.delete(key);
  }
}

function keyOf(draft: Draft, cid: string): string {
  return JSON.stringify([draft.sender, cid]);
}
