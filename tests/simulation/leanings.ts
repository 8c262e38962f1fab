/**
 * How a run leans: a run in which everything happens all the time never gets far, so every seed has
 * its own mixture of troubles and habits.
 *
 * @module
 */
import type { Random } from "./random.ts";
import type { Habits } from "./sim_writer.ts";

/** Weights of what may happen. */
export interface Leanings {
  readonly network: number;
  readonly disk: number;
  readonly time: number;
  readonly clients: number;
  readonly faults: number;
  readonly crash: number;
  readonly takeover: number;
  readonly stop: number;
  readonly diskMode: number;
  readonly jump: number;
  readonly cut: number;
  readonly sleep: number;
  readonly reconnect: number;
  /** How likely all that is on its way to the server arrives at once, from 0 to 1. */
  readonly flood: number;
}

/** Weights by the seed: each of a few sizes, some nothing. */
export function leaningsOf(random: Random): Leanings {
  const some = () => random.pick([0.3, 1, 1, 3]);
  const maybe = () => random.pick([0, 0, 0.3, 1]);
  return {
    network: 30 * some(),
    disk: 30 * some(),
    time: 5 * some(),
    clients: 20 * some(),
    faults: random.pick([0, 0.3, 1, 2]),
    crash: maybe(),
    takeover: 0.3 * maybe(),
    stop: 0.5 * maybe(),
    diskMode: 2 * maybe(),
    jump: maybe(),
    cut: 3 * some(),
    sleep: random.pick([0, 0.1, 1]),
    reconnect: random.pick([0.002, 0.01, 0.05]),
    flood: random.pick([0, 0.1, 0.3]),
  };
}

/** What the clients of a run are like. */
export function habitsOf(random: Random): Habits {
  return {
    partly: random.pick([0, 0.05, 0.3]),
    refuse: random.pick([0, 0.02, 0.2]),
    disorderly: random.pick([0, 0.2, 0.5]),
    mute: random.pick([0, 0, 0.1]),
    receipts: random.pick([0, 0.5, 1]),
    cid: random.pick([0.5, 1]),
    ttl: random.pick([0, 0.1, 0.5]),
    large: random.pick([0, 0.02, 0.2]),
    plain: random.pick([0, 0.1, 0.5]),
    many: random.pick([0, 0.01, 0.05]),
  };
}

/** The environment variables of the server. */
export function envOf(random: Random): ReadonlyMap<string, string> {
  return new Map([
    ["TITAN_SEND_RATE", random.pick(["0", "0", "50"])],
    ["TITAN_MAILBOX_MESSAGES", random.pick(["10000", "10000", "30"])],
  ]);
}
