/**
 * Who chats while the server is harmed.
 *
 * @module
 */
import { type Habits, ordinary } from "../crash/habits.ts";

/** Of so many pairs one has a receiver, or a sender, of each special kind. */
const KINDS = 10;

/** Longer than any round: whoever is away comes back when it is drained. */
const AWAY_MS = 24 * 3600 * 1000;

/** Characters of a message, at least. */
const TEXT_CHARS = 100;

/** What the load is. */
export interface ChatSize {
  /** Senders, and receivers. */
  readonly pairs: number;
  /** Messages of each sender that wait for their acknowledgement, at most. */
  readonly window: number;
}

/**
 * Senders and receivers in pairs: each sender as fast as its acknowledgements let it, with a `cid`
 * in every message. Of ten receivers one is slow to acknowledge, one does not before the drain, and
 * one has a second device that is away until then; of ten senders three want receipts, one has a
 * second device, and one has such a device that is away.
 *
 * @param prefix of the names of users: new for every round
 */
export function chatHabits(prefix: string, { pairs, window }: ChatSize): readonly Habits[] {
  return Array.from({ length: pairs }, (_, index) => {
    const [from, to] = [`${prefix}-s${index}`, `${prefix}-r${index}`];
    const kind = index % KINDS;
    const sender = ordinary({
      user: from,
      targets: [to],
      cids: true,
      pipeline: window,
      pauseMs: 0,
      textChars: TEXT_CHARS,
      receipts: kind < 3,
    });
    const receiver = ordinary({
      user: to,
      device: "phone",
      acknowledges: kind === 3 ? "late" : kind === 5 ? "never" : "at once",
    });
    const away = { ...receiver, device: "tablet", visits: { hereMs: 50, awayMs: AWAY_MS } };
    if (kind === 7) return [sender, receiver, away];
    const desk = ordinary({ user: from, device: "desk" });
    if (kind === 8) return [sender, desk, receiver];
    return kind === 9 ? [sender, { ...desk, visits: away.visits }, receiver] : [sender, receiver];
  }).flat();
}
