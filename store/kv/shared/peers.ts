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
import type { Key, WatchedDatabase, Write } from "../database.ts";
import type { GuardedDatabase } from "../guarded_database.ts";
import { Lane } from "../lane.ts";
import { jsonValue, parseJson } from "../values.ts";
import type { Head } from "./head.ts";
import { inTurn } from "./in_turn.ts";
import { Notices } from "./notices.ts";
import { instanceKey, leaderKey, ROW_MS, wakeKey, wokenKey } from "./shared_keys.ts";
import { Woken } from "./woken.ts";

/** How long a server counts as being there, in milliseconds: more than clocks differ. */
const LEASE_MS = 30_000;

/** How often it says that it is. */
const BEAT_MS = 10_000;

/** How long to wait before a watch that ended is begun anew, in milliseconds. */
const WATCH_AGAIN_MS = 1000;

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
  /** Users of whom a device is attached here. */
  readonly attached: () => string[];
  /** Background work failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** The servers, as one of them sees them. */
export class SharedPeers implements Peers {
  readonly #parts: SharedPeersParts;
  /** Until when each other server is known to be there. */
  readonly #alive = new Map<string, number>();
  readonly #notices: Notices;
  readonly #woken: Woken;
  readonly #taking = new Lane();
  readonly #beating = new Lane();
  /** What takes rows next and has not begun: one is enough for all who ask meanwhile. */
  #nextTake: Promise<void> | null = null;
  /** Background work that is under way. */
  readonly #running = new Set<Promise<void>>();
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
    this.#notices = new Notices(parts);
    this.#woken = new Woken({ ...parts, look: parts.woken });
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
    await Promise.allSettled(this.#running);
    // A beat that is under way would say that this server is there when it no longer is.
    await this.#beating.run(() => Promise.resolve());
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
    const { database, instance, clock, attached } = this.#parts;
    database.assertOpen();
    if (this.#isStopped) return;
    const key = instanceKey(instance);
    const [row] = await database.read([key]);
    const now = clock.now();
    const isKnown = row !== null && row !== undefined && row.version === this.#version;
    const isLapsed = !isKnown || parseJson<Instance>(row.value).until <= now;
    // Others may have done without it: each of its mailboxes says whether they did.
    if (this.#version !== null && isLapsed) this.#woken.add(attached());
    const value = jsonValue({ until: now + LEASE_MS } satisfies Instance);
    this.#version = await database.commit([], [{ key, value, expireIn: ROW_MS }]);
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
  tell(text: string): Promise<void> {
    return this.#notices.tell(text);
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
        writes.push({ key, value: new Uint8Array(), expireIn: ROW_MS });
      }
    }
    for (const instance of instances) {
      writes.push({ key: wakeKey(instance), value: new Uint8Array(), expireIn: ROW_MS });
    }
    return writes;
  }

  /** Looks at what there is for this server, and does what the database refused before. */
  async take(): Promise<void> {
    this.#nextTake ??= this.#taking.run(async () => {
      this.#nextTake = null;
      await inTurn([() => this.#notices.take(), () => this.#woken.take()]);
    });
    const taken = this.#nextTake;
    await inTurn([() => taken, () => this.#woken.look(), () => this.#notices.tellAgain()]);
  }

  #watch(): void {
    if (this.#isStopped) return;
    const { watched, instance, clock } = this.#parts;
    const ended = () => {
      this.#stopWatching = null;
      this.#cancelWatch = clock.after(WATCH_AGAIN_MS, () => this.#watch());
    };
    const changed = () => {
      if (this.#nextTake === null) this.#try(() => this.take());
    };
    this.#stopWatching = watched.watch(wakeKey(instance), changed, ended);
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
    const running = work().catch((error) => {
      if (!this.#isStopped) this.#parts.failed(error);
    }).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

function leaderOf(value: Uint8Array): Leader {
  return parseJson<Leader>(value);
}
