/**
 * How many connections there are, in all and from one address, signed in or not (I7).
 *
 * @module
 */
import { addressGroup } from "./client_address.ts";

/** How many connections there may be. */
export interface ConnectionLimits {
  /** In all. */
  readonly connections: number;
  /** From one address; an IPv6 address counts as its /64. */
  readonly addressConnections: number;
  /** In all, of those that have not signed in. */
  readonly unauthenticated: number;
  /** From one address, of those that have not signed in. */
  readonly addressUnauthenticated: number;
}

/** Which limit keeps a connection out. */
export type Crowded = keyof ConnectionLimits;

/** The place that one connection takes. */
export interface Lease {
  /** The connection has signed in. A second call changes nothing. */
  signedIn(): void;
  /** The connection is over and its place is free. A second call changes nothing. */
  leave(): void;
}

interface Count {
  connections: number;
  unauthenticated: number;
}

/** Counts connections and says when there are too many. */
export class ConnectionCounts {
  readonly #limits: ConnectionLimits;
  readonly #exempt: (address: string) => boolean;
  readonly #all: Count = { connections: 0, unauthenticated: 0 };
  /** Holds an entry only while a connection counts in it, so `connections` bounds it. */
  readonly #groups = new Map<string, Count>();

  /**
   * Starts with no connections.
   *
   * @param limits how many there may be
   * @param exempt which addresses the limits per address leave out
   */
  constructor(limits: ConnectionLimits, exempt: (address: string) => boolean) {
    this.#limits = limits;
    this.#exempt = exempt;
  }

  /** Connections in all. */
  get connections(): number {
    return this.#all.connections;
  }

  /** Connections that have not signed in. */
  get unauthenticated(): number {
    return this.#all.unauthenticated;
  }

  /**
   * Takes a place for a new connection, which has not signed in yet.
   *
   * @param address the client's address, behind trusted proxies
   * @returns the place, or which limit is reached; nothing is counted then.
   */
  enter(address: string): Lease | Crowded {
    const group = this.#exempt(address) ? undefined : addressGroup(address);
    const crowded = this.#crowded(group);
    return crowded ?? this.#lease(group);
  }

  #crowded(group: string | undefined): Crowded | undefined {
    const limits = this.#limits;
    if (this.#all.connections >= limits.connections) return "connections";
    if (this.#all.unauthenticated >= limits.unauthenticated) return "unauthenticated";
    const count = group === undefined ? undefined : this.#groups.get(group);
    if (count === undefined) return undefined;
    if (count.connections >= limits.addressConnections) return "addressConnections";
    if (count.unauthenticated >= limits.addressUnauthenticated) return "addressUnauthenticated";
    return undefined;
  }

  #lease(group: string | undefined): Lease {
    let state: "entered" | "signed in" | "left" = "entered";
    this.#add(group, 1, 1);
    return {
      signedIn: () => {
        if (state !== "entered") return;
        state = "signed in";
        this.#add(group, 0, -1);
      },
      leave: () => {
        if (state === "left") return;
        this.#add(group, -1, state === "entered" ? -1 : 0);
        state = "left";
      },
    };
  }

  #add(group: string | undefined, connections: number, unauthenticated: number): void {
    this.#all.connections += connections;
    this.#all.unauthenticated += unauthenticated;
    if (group === undefined) return;
    const count = this.#groups.get(group) ?? { connections: 0, unauthenticated: 0 };
    count.connections += connections;
    count.unauthenticated += unauthenticated;
    if (count.connections === 0) this.#groups.delete(group);
    else this.#groups.set(group, count);
  }
}
