/**
 * The store in memory: the same contract as every other, without a disk. It is for tests, for
 * trying things out, and for reading what a store must do; what it holds ends with the process.
 *
 * @module
 */
import type {
  Devices,
  ExpiredHandler,
  Mailboxes,
  Outbox,
  Revocations,
  Store,
  StoreFigures,
  StoreListener,
  Sweeper,
  Users,
} from "../store.ts";
import { MemoryDevices } from "./memory_devices.ts";
import { MemoryMailboxes } from "./memory_mailboxes.ts";
import { MemoryOutbox } from "./memory_outbox.ts";
import { MemoryRevocations } from "./memory_revocations.ts";
import { MemoryState, type MemoryStoreOptions } from "./memory_state.ts";
import { MemoryUsers } from "./memory_users.ts";

export type { MemoryStoreOptions } from "./memory_state.ts";

/** A store that forgets everything when the process ends. */
export class MemoryStore implements Store {
  /** Names this life of the content, which is as long as that of the store. */
  readonly epoch: string;
  /** The logs of all users. */
  readonly mailboxes: Mailboxes;
  /** Everyone who can receive. */
  readonly users: Users;
  /** The devices of all users. */
  readonly devices: Devices;
  /** What they may no longer sign in with. */
  readonly revocations: Revocations;
  /** Who has to be woken. */
  readonly outbox: Outbox;
  /** Drops what has expired. */
  readonly sweeper: Sweeper;
  readonly #state: MemoryState;

  /** Opens an empty store. */
  constructor(options: MemoryStoreOptions) {
    this.#state = new MemoryState(options);
    this.epoch = options.epoch ?? "memory";
    this.mailboxes = new MemoryMailboxes(this.#state);
    this.users = new MemoryUsers(this.#state);
    this.devices = new MemoryDevices(this.#state);
    this.outbox = new MemoryOutbox(this.#state);
    const revocations = new MemoryRevocations(this.#state);
    this.revocations = revocations;
    this.sweeper = {
      sweep: async (expired) => {
        await sweep(this.#state, expired);
        revocations.sweep(this.#state.now());
      },
    };
  }

  /** Sets who hears of commits; there is one listener. */
  listen(listener: StoreListener): void {
    this.#state.listener = listener;
  }

  /** There is no disk that could refuse. */
  async probe(): Promise<void> {
    await this.#state.turn();
  }

  /** Nothing waits here. */
  figures(): StoreFigures {
    return { backlogBytes: 0, unsettledBytes: 0, mailboxes: this.#state.accounts.size };
  }

  /** Closes the store; calls made before are still answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#state.close();
  }
}

async function sweep(state: MemoryState, expired: ExpiredHandler): Promise<void> {
  await state.turn();
  state.cids.sweep(state.now());
  for (const { mailbox } of state.accounts.values()) {
    const missed = mailbox.takeMissed(state.now());
    if (missed.length === 0) continue;
    try {
      await expired(missed);
    } catch (error) {
      mailbox.putBackMissed(missed);
      throw error;
    }
  }
}
