/**
 * One call of `append` on the memory store: first judged whole, then stored whole.
 *
 * @module
 */
import type { AppendOptions, Committed, Draft, Entry, Outcome } from "../store.ts";
import { MemoryCids } from "./memory_cids.ts";
import { isOwed } from "../outbox.ts";
import { fits, type Held, plus } from "./held.ts";
import type { MemoryMailbox } from "./memory_mailbox.ts";
import type { MemoryState } from "./memory_state.ts";

/** A draft and the mailboxes it goes to. */
interface Placement {
  readonly draft: Draft;
  readonly mailboxes: readonly MemoryMailbox[];
}

/** Says what becomes of each draft, stores those accepted and tells the listener. */
export function appendTo(
  state: MemoryState,
  drafts: readonly Draft[],
  options: AppendOptions,
): readonly Outcome[] {
  const plan = new AppendPlan(state);
  const outcomes = drafts.map((draft) => plan.judge(draft));
  if (options.atomic === true && outcomes.some(isRefusal)) {
    const ids = new Set(drafts.map((draft) => draft.id));
    return outcomes.map((outcome) => isNew(outcome, ids) ? { kind: "skipped" } : outcome);
  }
  store(state, plan.placements);
  return outcomes;
}

/** What one call would do. It counts its own drafts, but changes nothing. */
class AppendPlan {
  readonly placements: Placement[] = [];
  readonly #state: MemoryState;
  readonly #now: number;
  readonly #cids = new MemoryCids();
  readonly #waiting = new Map<MemoryMailbox, Held>();

  constructor(state: MemoryState) {
    this.#state = state;
    this.#now = state.now();
  }

  judge(draft: Draft): Outcome {
    const repeat = this.#cids.find(draft, this.#now) ?? this.#state.cids.find(draft, this.#now);
    if (repeat !== undefined) return repeat;
    const mailbox = this.#state.accounts.get(draft.to)?.mailbox;
    if (mailbox === undefined) return { kind: "unknown" };
    if (!this.#reserve(mailbox, draft)) return { kind: "full" };
    const own = this.#ownMailbox(draft);
    // A copy that does not fit is left out: the message itself must not fail for it.
    const copied = own !== undefined && this.#reserve(own, draft);
    this.placements.push({ draft, mailboxes: copied ? [mailbox, own] : [mailbox] });
    this.#cids.add(draft);
    return { kind: "accepted" };
  }

  /** The sender's mailbox where it gets a copy: the sender's own word, for another device. */
  #ownMailbox(draft: Draft): MemoryMailbox | undefined {
    const { kind, sender, from, to, device } = draft;
    if (kind !== "message" || from !== sender || to === sender) return undefined;
    const mailbox = this.#state.accounts.get(sender)?.mailbox;
    return mailbox?.hasOtherDevice(device) ? mailbox : undefined;
  }

  #reserve(mailbox: MemoryMailbox, draft: Draft): boolean {
    const waiting = this.#waiting.get(mailbox) ?? mailbox.waiting(this.#now);
    if (!fits(waiting, draft, this.#state.limits)) return false;
    this.#waiting.set(mailbox, plus(waiting, draft));
    return true;
  }
}

function store(state: MemoryState, placements: readonly Placement[]): void {
  const news = new Map<MemoryMailbox, Committed & { readonly entries: Entry[] }>();
  const all: Entry[] = [];
  for (const { draft, mailboxes } of placements) {
    const entry: Entry = { ...draft, position: state.nextPosition() };
    all.push(entry);
    for (const mailbox of mailboxes) {
      const piece = news.get(mailbox) ?? { user: mailbox.user, after: mailbox.tail, entries: [] };
      piece.entries.push(entry);
      news.set(mailbox, piece);
      mailbox.add(entry);
    }
    state.cids.add(draft);
  }
  const bytes = all.reduce((sum, entry) => sum + entry.bytes, 0);
  state.listener?.wrote?.({ ms: 0, bytes, entries: all });
  for (const [mailbox, piece] of news) {
    state.listener?.committed(piece);
    if (!piece.entries.some((entry) => isOwed(entry, piece.user))) continue;
    for (const sleeper of mailbox.sleepers()) state.listener?.owed?.(sleeper, "message");
  }
}

function isRefusal(outcome: Outcome): boolean {
  return outcome.kind === "unknown" || outcome.kind === "full" || outcome.kind === "conflict";
}

/** Whether the outcome is of a draft that only this call has brought, or of a repeat of one. */
function isNew(outcome: Outcome, ids: ReadonlySet<string>): boolean {
  return outcome.kind === "accepted" || outcome.kind === "duplicate" && ids.has(outcome.id);
}
