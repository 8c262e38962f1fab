/**
 * The store on a Deno KV that several servers share and none owns (Deno Deploy, KV Connect).
 *
 * @module
 */
import {
  type Peers,
  type Store,
  type StoreFigures,
  type StoreListener,
  StoreUnavailableError,
  type Sweeper,
} from "../../store.ts";
import type { WatchedDatabase } from "../database.ts";
import { epochKey, ownerKey } from "../keys.ts";
import { jsonValue, parseJson } from "../values.ts";
import { Mailroom, type SharedWorld } from "./mailroom.ts";
import { SharedAppend } from "./shared_append.ts";
import { SharedDevices } from "./shared_devices.ts";
import { formatKey } from "./shared_keys.ts";
import { SharedMailboxes } from "./shared_mailboxes.ts";
import { SharedOutbox } from "./shared_outbox.ts";
import { SharedRevocations } from "./shared_revocations.ts";
import { SharedSweeper } from "./shared_sweeper.ts";
import { SharedUsers } from "./shared_users.ts";

/** Options for {@linkcode SharedStore.open}. */
export interface SharedStoreOptions extends SharedWorld {
  /** What to call the content where it has no {@linkcode Store.epoch} yet. */
  readonly epoch: string;
}

/** The form of what is stored. */
const FORMAT = "shared 1";

/** How often the first server of a database tries to name it, against others that do. */
const NAMING_TRIES_MAX = 10;

/** A {@linkcode Store} on a database that others change, too. */
export class SharedStore implements Store {
  readonly epoch: string;
  readonly mailboxes: SharedMailboxes;
  readonly users: SharedUsers;
  readonly devices: SharedDevices;
  readonly revocations: SharedRevocations;
  readonly outbox: SharedOutbox;
  readonly sweeper: Sweeper;
  readonly peers: Peers;
  readonly #room: Mailroom;
  readonly #append: SharedAppend;
  #closing: Promise<void> | null = null;

  private constructor(room: Mailroom, epoch: string) {
    this.#room = room;
    this.epoch = epoch;
    this.#append = new SharedAppend(room);
    this.mailboxes = new SharedMailboxes(room, this.#append);
    this.users = new SharedUsers(room);
    this.devices = new SharedDevices(room);
    this.revocations = new SharedRevocations(room);
    this.outbox = new SharedOutbox(room);
    this.sweeper = new SharedSweeper(room, this.#append, this.users);
    this.peers = room.peers;
  }

  /**
   * Joins the servers on a database, which stays open when the store is disposed of.
   *
   * @throws {StoreUnavailableError} it refused, or holds something else.
   */
  static async open(database: WatchedDatabase, options: SharedStoreOptions): Promise<SharedStore> {
    const room = new Mailroom(database, options);
    const epoch = await nameOf(room, options.epoch);
    await room.peers.start();
    return new SharedStore(room, epoch);
  }

  listen(listener: StoreListener): void {
    this.#room.listener = listener;
  }

  async probe(): Promise<void> {
    await this.#room.peers.beat();
  }

  figures(): StoreFigures {
    const { backlogBytes } = this.#append;
    return { backlogBytes, unsettledBytes: 0, mailboxes: this.#room.locals.size };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#room.close();
    return this.#closing;
  }
}

/** What the content is called; where it has no name it gets one. */
async function nameOf({ database }: Mailroom, unnamed: string): Promise<string> {
  const keys = [ownerKey, formatKey, epochKey];
  for (let tries = 0; tries < NAMING_TRIES_MAX; tries++) {
    const [owner, format, epoch] = await database.read(keys);
    if (owner) {
      throw new StoreUnavailableError("Cannot share the store: it is one that a server owns");
    }
    if (format && epoch) {
      const known = parseJson<{ format: string }>(format.value).format;
      if (known === FORMAT) return parseJson<{ epoch: string }>(epoch.value).epoch;
      throw new StoreUnavailableError(`Cannot use the store: its form is "${known}"`);
    }
    await database.commit(keys.map((key) => ({ key, version: null })), [
      { key: formatKey, value: jsonValue({ format: FORMAT }) },
      { key: epochKey, value: jsonValue({ epoch: unnamed }) },
    ]);
  }
  throw new StoreUnavailableError("Cannot name the store: it is contended");
}
