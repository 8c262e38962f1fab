/**
 * The mailboxes of the memory store.
 *
 * @module
 */
import type {
  AppendOptions,
  AsidePage,
  AsidePlace,
  Attachment,
  Draft,
  Entry,
  Mailboxes,
  MailboxState,
  Outcome,
  Page,
  Position,
  ReadLimit,
} from "../store.ts";
import { StoreBusyError } from "../store.ts";
import { appendTo } from "./memory_append.ts";
import type { MemoryMailbox } from "./memory_mailbox.ts";
import type { MemoryState } from "./memory_state.ts";

/** All mailboxes of one memory store. */
export class MemoryMailboxes implements Mailboxes {
  readonly #state: MemoryState;
  #backlogBytes = 0;

  /** @param state shared with the other parts of the store */
  constructor(state: MemoryState) {
    this.#state = state;
  }

  /** See {@linkcode Mailboxes.append}. */
  async append(drafts: readonly Draft[], options: AppendOptions = {}): Promise<readonly Outcome[]> {
    const bytes = drafts.reduce((sum, draft) => sum + draft.bytes, 0);
    if (this.#backlogBytes + bytes > this.#state.limits.backlogBytes) {
      throw new StoreBusyError("Cannot append: too much waits to be committed");
    }
    this.#backlogBytes += bytes;
    try {
      await this.#state.turn();
      return appendTo(this.#state, drafts, options);
    } finally {
      this.#backlogBytes -= bytes;
    }
  }

  /** See {@linkcode Mailboxes.attach}. */
  async attach(
    user: string,
    device: string,
    start: "oldest" | "newest",
  ): Promise<Attachment | null> {
    await this.#state.turn();
    return this.#find(user)?.attach(device, start, this.#state.now()) ?? null;
  }

  /** See {@linkcode Mailboxes.detach}. */
  detach(user: string, device: string, sent: Position): void {
    if (this.#state.closed) return;
    const mailbox = this.#find(user);
    mailbox?.detach(device, sent);
    for (const sleeper of mailbox?.sleepers() ?? []) {
      if (sleeper.device === device) this.#state.listener?.owed?.(sleeper, "left");
    }
  }

  /** See {@linkcode Mailboxes.read}. */
  async read(user: string, device: string, after: Position, limit: ReadLimit): Promise<Page> {
    await this.#state.turn();
    const mailbox = this.#find(user);
    if (mailbox === undefined) return { entries: [], upTo: after, end: true };
    return mailbox.read(device, after, limit, this.#state.now());
  }

  /** See {@linkcode Mailboxes.acknowledge}. */
  acknowledge(user: string, device: string, upTo: Position): Position {
    const mailbox = this.#state.closed ? undefined : this.#find(user);
    return mailbox?.acknowledge(device, upTo, this.#state.now()) ?? 0;
  }

  /** See {@linkcode Mailboxes.setAside}. */
  async setAside(user: string, device: string, entry: Entry): Promise<void> {
    await this.#state.turn();
    this.#find(user)?.asides.set(device, entry);
  }

  /** See {@linkcode Mailboxes.readAside}. */
  async readAside(user: string, after: AsidePlace | null, limit: ReadLimit): Promise<AsidePage> {
    await this.#state.turn();
    return this.#find(user)?.asides.read(after, limit) ?? { asides: [], next: null };
  }

  /** See {@linkcode Mailboxes.inspect}. */
  async inspect(user: string): Promise<MailboxState | null> {
    await this.#state.turn();
    return this.#find(user)?.inspect(this.#state.now()) ?? null;
  }

  /** See {@linkcode Mailboxes.forget}. */
  async forget(user: string, device: string): Promise<void> {
    await this.#state.turn();
    this.#find(user)?.forget(device);
  }

  #find(user: string): MemoryMailbox | undefined {
    return this.#state.accounts.get(user)?.mailbox;
  }
}
