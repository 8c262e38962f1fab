/**
 * What stands for senders where their names may not: what is known of cids is swept long after a
 * sender was removed.
 *
 * @module
 */
import { TABLE_ENTRIES_MAX } from "../../limits.ts";
import { senderMark } from "./keys.ts";

/** What stands for a sender. */
export interface SenderMark {
  /** In keys and values: its {@linkcode senderMark}. */
  readonly text: string;
  /** In the filter: a hash of the text, which two senders may share. */
  readonly hash: number;
}

/** The marks of the senders seen last: making one takes longer than all else about a cid. */
export class SenderMarks {
  readonly #marks = new Map<string, SenderMark>();
  readonly #max: number;

  /** @param max marks to remember at most */
  constructor(max: number = TABLE_ENTRIES_MAX) {
    this.#max = max;
  }

  /** Marks that are remembered. */
  get size(): number {
    return this.#marks.size;
  }

  /** The mark of a sender. */
  of(sender: string): SenderMark {
    const known = this.#marks.get(sender);
    if (known !== undefined) return known;
    const mark = markOf(senderMark(sender));
    if (this.#marks.size >= this.#max) {
      const [oldest = ""] = this.#marks.keys();
      this.#marks.delete(oldest);
    }
    this.#marks.set(sender, mark);
    return mark;
  }
}

/** The mark whose text was read. */
export function markOf(text: string): SenderMark {
  let hash = 0;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash, HASH_FACTOR) + text.charCodeAt(index) | 0;
  }
  return { text, hash };
}

const HASH_FACTOR = 31;
