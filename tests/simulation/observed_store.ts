/**
 * A store that tells the oracle what is asked of it, and that can be broken on purpose: an oracle
 * that finds nothing wrong with a broken store proves nothing about a whole one.
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
  Store,
} from "../../store/store.ts";

/** What of a store can be broken. */
export interface Sabotage {
  /** Says that a commit was made that was not: asked at each, true once. */
  readonly loseCommit?: () => boolean;
  /** Moves a cursor past what was acknowledged. */
  readonly skipCursor?: (upTo: Position) => Position;
  /** Leaves entries out of what is read. */
  readonly readLess?: (page: Page) => Page;
}

/** Hears what is asked of the mailboxes. */
export interface StoreWatcher {
  attached(user: string, device: string, attachment: Attachment): void;
  acknowledges(user: string, device: string, upTo: Position): void;
}

/** The mailboxes, watched. */
class ObservedMailboxes implements Mailboxes {
  readonly #mailboxes: Mailboxes;
  readonly #watcher: StoreWatcher;
  readonly #sabotage: Sabotage;

  constructor(mailboxes: Mailboxes, watcher: StoreWatcher, sabotage: Sabotage) {
    this.#mailboxes = mailboxes;
    this.#watcher = watcher;
    this.#sabotage = sabotage;
  }

  append(drafts: readonly Draft[], options?: AppendOptions): Promise<readonly Outcome[]> {
    return this.#mailboxes.append(drafts, options);
  }

  async attach(user: string, device: string, start: "oldest" | "newest") {
    const attachment = await this.#mailboxes.attach(user, device, start);
    if (attachment !== null) this.#watcher.attached(user, device, attachment);
    return attachment;
  }

  detach(user: string, device: string, sent: Position): void {
    this.#mailboxes.detach(user, device, sent);
  }

  async read(user: string, device: string, after: Position, limit: ReadLimit): Promise<Page> {
    const page = await this.#mailboxes.read(user, device, after, limit);
    return this.#sabotage.readLess?.(page) ?? page;
  }

  acknowledge(user: string, device: string, upTo: Position): Position {
    const position = this.#sabotage.skipCursor?.(upTo) ?? upTo;
    this.#watcher.acknowledges(user, device, position);
    return this.#mailboxes.acknowledge(user, device, position);
  }

  setAside(user: string, device: string, entry: Entry): Promise<void> {
    return this.#mailboxes.setAside(user, device, entry);
  }

  readAside(user: string, after: AsidePlace | null, limit: ReadLimit): Promise<AsidePage> {
    return this.#mailboxes.readAside(user, after, limit);
  }

  inspect(user: string): Promise<MailboxState | null> {
    return this.#mailboxes.inspect(user);
  }

  forget(user: string, device: string): Promise<void> {
    return this.#mailboxes.forget(user, device);
  }
}

/** The same store with its mailboxes watched. The store itself stays its owner's to dispose of. */
export function observeStore(store: Store, watcher: StoreWatcher, sabotage: Sabotage = {}): Store {
  return {
    mailboxes: new ObservedMailboxes(store.mailboxes, watcher, sabotage),
    users: store.users,
    devices: store.devices,
    revocations: store.revocations,
    epoch: store.epoch,
    outbox: store.outbox,
    sweeper: store.sweeper,
    listen: (listener) => store.listen(listener),
    probe: () => store.probe(),
    figures: () => store.figures(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
