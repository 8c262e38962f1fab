/**
 * The servers on one database: who is there, who does the work that one does for all, and how they
 * wake each other.
 *
 * A server watches one key. What it is to look at lies in rows of its own, so that a wake which is
 * lost costs time and nothing else: every beat looks, too.
 *
 * @module
 */
import type { Peers, StoreClock } from "../../store.ts";
import { type Key, type WatchedDatabase, type Write, WRITES_MAX } from "../database.ts";
import type { GuardedDatabase } from "../guarded_database.ts";
import { Lane } from "../lane.ts";
import { jsonValue, parseJson } from "../values.ts";
import type { Head } from "./head.ts";
import {
  instanceKey,
  instanceOf,
  instancesRange,
  leaderKey,
  noticeKey,
  noticesRange,
  wakeKey,
  wokenKey,
  wokenRange,
  wokenUser,
} from "./shared_keys.ts";

/** How long a server counts as being there, in milliseconds: more than clocks differ. */
const LEASE_MS = 30_000;

/** How often it says that it is. */
const BEAT_MS = 10_000;

/** How long to wait before a watch that ended is begun anew, in milliseconds. */
const WATCH_AGAIN_MS = 1000;

/** A server that is gone for so long is forgotten by the database itself, in milliseconds. */
const FORGET_MS = 3600 * 1000;

/** What is stored of a server. */
interface Instance {
  /** In milliseconds since 1970. */
  readonly until: number;
}

/** Who does the work that one does for all. */
interface Leader extends Instance {
  readonly instance: string;
}

/** What {@linkcode SharedPeers} are made of. */
export interface SharedPeersParts {
  /** Unique for ever. */
  readonly instance: string;
  readonly database: GuardedDatabase;
  readonly watched: Pick<WatchedDatabase, "watch">;
  readonly clock: StoreClock;
  readonly newId: () => string;
  /** The mailbox of a user has something for this server. */
  readonly woken: (user: string) => Promise<void>;
  /** Another server said something. */
  readonly heard: (text: string) => void;
  /** Others may have taken this server for gone, and done without it. */
  readonly lapsed: () => Promise<void>;
  /** Background work failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** The servers, as one of them sees them. */
export class SharedPeers implements Peers {
  readonly #parts: SharedPeersParts;
  /** Until when each other server is known to be there. */
  readonly #alive = new Map<string, number>();
  readonly #taking = new Lane();
  readonly #beating = new Lane();
  #leadsUntil = 0;
  /** The version of the own row; null before it is there. */
  #version: string | null = null;
  #stopWatching: (() => Promise<void>) | null = null;
  #cancelBeat: (() => void) | null = null;
  #cancelWatch: (() => void) | null = null;
  #isStopped = false;

  /** {@linkcode start} begins. */
  constructor(parts: SharedPeersParts) {
    this.#parts = parts;
  }

  /** Says that this server is there, and begins to watch. */
  async start(): Promise<void> {
    await this.beat();
    this.#watch();
    this.#beatLater();
  }

  /** Says that it is no longer there. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelBeat?.();
    this.#cancelWatch?.();
    await this.#stopWatching?.();
    await this.#taking.run(() => Promise.resolve());
    const { database, instance } = this.#parts;
    const gone: Key[] = [instanceKey(instance), wakeKey(instance)];
    await database.commit([], gone.map((key) => ({ key, value: null })));
    if (this.#leadsUntil === 0) return;
    const [row] = await database.read([leaderKey]);
    if (row === undefined || row === null || leaderOf(row.value).instance !== instance) return;
    const check = { key: leaderKey, version: row.version };
    await database.commit([check], [{ key: leaderKey, value: null }]);
  }

  /** Says that this server is still there. */
  beat(): Promise<void> {
    return this.#beating.run(() => this.#beat());
  }

  async #beat(): Promise<void> {
    const { database, instance, clock } = this.#parts;
    const key = instanceKey(instance);
    const [row] = await database.read([key]);
    const isKnown = row !== null && row !== undefined && row.version === this.#version;
    const isLapsed = this.#version !== null &&
      (!isKnown || parseJson<Instance>(row.value).until <= clock.now());
    const value = jsonValue({ until: clock.now() + LEASE_MS } satisfies Instance);
    this.#version = await database.commit([], [{ key, value, expireIn: FORGET_MS }]);
    if (isLapsed) await this.#parts.lapsed();
  }

  /** Whether another server is there. */
  async isAlive(instance: string): Promise<boolean> {
    const { database, clock } = this.#parts;
    if (instance === this.#parts.instance) return true;
    if ((this.#alive.get(instance) ?? 0) > clock.now()) return true;
    const [row] = await database.read([instanceKey(instance)]);
    const until = row ? parseJson<Instance>(row.value).until : 0;
    if (until > clock.now()) this.#alive.set(instance, until);
    else this.#alive.delete(instance);
    return until > clock.now();
  }

  /** Whether this server does the work that one does for all; the first to ask does it. */
  async leads(): Promise<boolean> {
    const { database, instance, clock } = this.#parts;
    const now = clock.now();
    if (this.#leadsUntil - now > LEASE_MS / 2 && this.#leadsUntil - now <= LEASE_MS) return true;
    const [row] = await database.read([leaderKey]);
    const leader = row ? leaderOf(row.value) : null;
    this.#leadsUntil = 0;
    if (leader !== null && leader.instance !== instance && leader.until > now) return false;
    const value = jsonValue({ instance, until: now + LEASE_MS } satisfies Leader);
    const check = { key: leaderKey, version: row?.version ?? null };
    if (await database.commit([check], [{ key: leaderKey, value }]) === null) return false;
    this.#leadsUntil = now + LEASE_MS;
    return true;
  }

  /** See {@linkcode Peers.tell}. */
  async tell(text: string): Promise<void> {
    const { database, instance: own, newId } = this.#parts;
    // Who comes later than this list comes later than what is told, and finds it in the store.
    for (let after = ""; after !== END;) {
      const rows = await database.list(instancesRange(after), NOTICES_MAX);
      const others = rows.map(({ key }) => instanceOf(key)).filter((instance) => instance !== own);
      const writes = others.flatMap((instance): Write[] => [
        { key: noticeKey(instance, newId()), value: jsonValue({ text }), expireIn: FORGET_MS },
        { key: wakeKey(instance), value: new Uint8Array(), expireIn: FORGET_MS },
      ]);
      if (writes.length > 0) await database.commit([], writes);
      const last = rows.at(-1);
      after = rows.length < NOTICES_MAX || last === undefined ? END : instanceOf(last.key);
    }
  }

  /** The writes that wake the servers which heads name. */
  wakes(heads: Iterable<Head>): Write[] {
    const writes: Write[] = [];
    const instances = new Set<string>();
    for (const { user, wakes } of heads) {
      for (const instance of wakes) {
        if (instance === this.#parts.instance) continue;
        instances.add(instance);
        const key = wokenKey(instance, user);
        writes.push({ key, value: new Uint8Array(), expireIn: FORGET_MS });
      }
    }
    for (const instance of instances) {
      writes.push({ key: wakeKey(instance), value: new Uint8Array(), expireIn: FORGET_MS });
    }
    return writes;
  }

  /** Looks at what there is for this server. */
  take(): Promise<void> {
    return this.#taking.run(async () => {
      await this.#takeNotices();
      await this.#takeWoken();
    });
  }

  async #takeNotices(): Promise<void> {
    const { database, instance, heard } = this.#parts;
    for (;;) {
      const rows = await database.list(noticesRange(instance), NOTICES_MAX);
      // First: what cannot be understood must not come again for ever.
      await this.#delete(rows.map(({ key }) => key));
      for (const { value } of rows) heard(parseJson<{ text: string }>(value).text);
      if (rows.length < NOTICES_MAX) return;
    }
  }

  async #takeWoken(): Promise<void> {
    const { database, instance, woken } = this.#parts;
    for (;;) {
      const rows = await database.list(wokenRange(instance), WRITES_MAX);
      // First: whoever writes it again after this is read below, or wakes once more.
      await this.#delete(rows.map(({ key }) => key));
      await Promise.all(rows.map(({ key }) => woken(wokenUser(key))));
      if (rows.length < WRITES_MAX) return;
    }
  }

  async #delete(keys: readonly Key[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#parts.database.commit([], keys.map((key) => ({ key, value: null })));
  }

  #watch(): void {
    if (this.#isStopped) return;
    const { watched, instance, clock } = this.#parts;
    this.#stopWatching = watched.watch(
      wakeKey(instance),
      () => this.#try(() => this.take()),
      () => {
        this.#stopWatching = null;
        this.#cancelWatch = clock.after(WATCH_AGAIN_MS, () => this.#watch());
      },
    );
  }

  #beatLater(): void {
    if (this.#isStopped) return;
    this.#cancelBeat = this.#parts.clock.after(BEAT_MS, () => {
      this.#try(async () => {
        await this.beat();
        await this.take();
      });
      this.#beatLater();
    });
  }

  #try(work: () => Promise<void>): void {
    work().catch((error) => {
      if (!this.#isStopped) this.#parts.failed(error);
    });
  }
}

/** Notices in one commit, each with a wake. */
const NOTICES_MAX = WRITES_MAX / 2;

/** Where a list has ended; no server is called so. */
const END = "end";

function leaderOf(value: Uint8Array): Leader {
  return parseJson<Leader>(value);
}
