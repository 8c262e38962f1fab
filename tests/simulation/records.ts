/**
 * What the oracle knows: connections, devices and what was ever committed.
 *
 * @module
 */
import { REFUSALS_MAX } from "../../limits.ts";
import type { StoredEntry } from "../../store/kv/lines.ts";
import type { Position } from "../../store/store.ts";
import { Ledger, wordIn } from "./ledger.ts";
import type { SimClock } from "./sim_clock.ts";
import type { SimLink } from "./sim_link.ts";

/** A message as its sender means it, however often it is sent. */
export interface Sent {
  /** The first word of its text. */
  readonly word: string;
  readonly text: string;
  readonly to: string;
  readonly cid: string | undefined;
  readonly ttl: number | undefined;
  /** How often it was put on a connection. */
  attempts: number;
  /** How often it reached a server. */
  arrivals: number;
  /** The id of the first answer. */
  id: string | null;
}

/** What a client asked of the server. */
export type Asked =
  | { readonly kind: "sign-in" }
  | {
    readonly kind: "send";
    readonly form: "name" | "position";
    readonly messages: readonly Sent[];
  }
  | { readonly kind: "other"; readonly expect: "result" | "error" | "any" };

/** A connection, as the oracle knows it. */
export interface LinkFacts {
  readonly user: string;
  readonly device: string;
  /** Whether the client asked for the object form. */
  readonly isRich: boolean;
  readonly receipts: boolean;
  /** The widest window that was chosen. */
  window: number;
  /** What the client asked, by the ids of its requests. */
  readonly asked: Map<string, Asked>;
  readonly incarnation: Incarnation;
}

/** One life of the server. */
export interface Incarnation {
  readonly number: number;
  /** Whether another one took its file, or it is being stopped: its refusals prove less then. */
  isEnding: boolean;
}

/** A connection, and what was said on it. */
export interface LinkState extends LinkFacts {
  /** The ids in every `msg.recv` that was not answered. */
  readonly flights: Map<string, readonly string[]>;
  /** The bytes of every message in flight, by its id. */
  readonly inFlight: Map<string, number>;
  /** The ids of what was delivered here, and the newest position of it. */
  readonly first: Set<string>;
  newest: Position;
  /** What the client sent, in the order in which it arrived. */
  readonly arrived: Sent[];
  isSignedIn: boolean;
  /** The newest committed position when the sign-in arrived. */
  waited: Position;
  emptyTold: number;
  /** Acknowledged by the frame that the server is hearing. */
  readonly acknowledging: StoredEntry[];
}

/** A device, whatever its connections. */
export interface DeviceState {
  readonly user: string;
  readonly device: string;
  /** Ids that it acknowledged, on any connection. */
  readonly acknowledged: Set<string>;
  /** How often it refused what. */
  readonly refusals: Map<string, number>;
  /** Ids that a server handed to a connection of it. */
  readonly handed: Set<string>;
  /** Where it began to read, null while it never attached. */
  start: Position | null;
  /** How much of the mailbox's ledger was seen to be out of the cursor's way. */
  passedCount: number;
  /** Its cursor on the disk. */
  durable: Position;
  /** Its cursor in the server's memory, by incarnation. */
  live: { incarnation: number; cursor: Position };
}

/** The books of the oracle. */
export class Records {
  readonly clock: SimClock;
  readonly users: readonly string[];
  readonly violations: string[] = [];
  readonly ledger: Ledger = new Ledger((what) => this.violated(what));
  readonly links = new Map<SimLink, LinkState>();
  readonly devices = new Map<string, DeviceState>();
  /** How often each thing was seen, for the report. */
  readonly counts = new Map<string, number>();
  /** Crashes and faults of the disk so far: they may cost a receipt. */
  troubles = 0;

  constructor(clock: SimClock, users: readonly string[]) {
    this.clock = clock;
    this.users = users;
  }

  /** Something is as it must not be. */
  violated(what: string): void {
    this.violations.push(what);
  }

  /** Counts something that happened. */
  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  /** A connection is made. */
  opened(link: SimLink, facts: LinkFacts): void {
    this.links.set(link, {
      ...facts,
      flights: new Map(),
      inFlight: new Map(),
      first: new Set(),
      arrived: [],
      newest: 0,
      isSignedIn: false,
      waited: this.ledger.last,
      emptyTold: 0,
      acknowledging: [],
    });
  }

  /** What is known of a connection. */
  link(link: SimLink): LinkState {
    const state = this.links.get(link);
    if (state === undefined) throw new Error("Connection is not known to the oracle");
    return state;
  }

  /** What is known of a device. */
  device(user: string, device: string): DeviceState {
    const key = `${user}/${device}`;
    const known = this.devices.get(key);
    if (known !== undefined) return known;
    const state: DeviceState = {
      user,
      device,
      acknowledged: new Set(),
      refusals: new Map(),
      handed: new Set(),
      start: null,
      passedCount: 0,
      durable: 0,
      live: { incarnation: 0, cursor: 0 },
    };
    this.devices.set(key, state);
    return state;
  }

  /** Whether a cursor may pass an entry. */
  isPassable(state: DeviceState, entry: StoredEntry): boolean {
    return entry.kind === "receipt" || state.acknowledged.has(entry.id) ||
      isOwn(entry, state.user, state.device) || this.isExpired(entry) ||
      (state.refusals.get(entry.id) ?? 0) >= REFUSALS_MAX;
  }

  /** Whether it was expired at any time: the clock may have been set back since. */
  isExpired(entry: StoredEntry): boolean {
    return entry.expires <= this.clock.latest;
  }
}

/** Whether the device itself sent an entry to somebody else. */
export function isOwn(entry: StoredEntry, user: string, device: string): boolean {
  return entry.to !== user && entry.device === device;
}

/** What a report calls an entry. */
export function nameOf(entry: StoredEntry): string {
  const word = entry.kind === "message" ? wordIn(JSON.parse(entry.body).message) : "receipt";
  return `${word} (${entry.sender} to ${entry.to}, position ${entry.position})`;
}
