/**
 * The way of pushes to one provider: nothing that happens on it touches another one.
 *
 * @module
 */
import type { Clock, RandomBytes } from "../clock.ts";
import { Circuits } from "./circuits.ts";
import type { Intent } from "./intent.ts";
import { Lane } from "./lane.ts";
import { Pace } from "./pace.ts";

/** Options for {@linkcode Branch}. */
export interface BranchOptions {
  /** Pushes that are under way at a time. */
  readonly inFlightMax: number;
  /** The same to one service of the provider. */
  readonly serviceInFlightMax: number;
  /** The same to all services together that are not known to work. */
  readonly unprovenInFlightMax: number;
  /** The same to one of those. */
  readonly unprovenServiceInFlightMax: number;
  /** Pushes a second. */
  readonly perSecond: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Works on one. Never rejects. @returns whether a push was sent */
  readonly work: (intent: Intent) => Promise<boolean>;
}

/** Services of one provider that are kept apart: push services of browsers are a handful. */
const SERVICES_MAX = 1000;

/** A tenth of a second's pushes may go at once: a timer is not more exact than that under load. */
const BURST_PER_SECOND = 10;

/** The line, the workers and the circuits of one provider. */
export class Branch implements Disposable {
  readonly lane: Lane<Intent>;
  readonly circuits: Circuits<Intent>;
  /** Intents that it has, wherever they wait. */
  size = 0;
  /** Those of them that wait because they are ordinary. */
  ordinary = 0;

  /** Starts with nothing to do. */
  constructor(options: BranchOptions) {
    const { inFlightMax, perSecond, clock, random, work } = options;
    const burst = Math.max(1, perSecond / BURST_PER_SECOND);
    const pace = new Pace({ rate: perSecond, burst, clock });
    const admit = (intent: Intent) => this.#admit(intent);
    this.lane = new Lane({ inFlightMax, pace, clock, admit, work });
    this.circuits = new Circuits({
      max: SERVICES_MAX,
      insideMax: options.serviceInFlightMax,
      unprovenMax: options.unprovenInFlightMax,
      unprovenServiceMax: options.unprovenServiceInFlightMax,
      clock,
      random,
      called: (intent) => {
        // One that is under way still hears of it when it is to be parked.
        if (intent.state === "parked") this.line(intent);
      },
    });
  }

  /** Lets an intent wait for a worker. */
  line(intent: Intent): void {
    intent.state = "ready";
    this.lane.add(intent);
  }

  /** Lets an intent wait for its service, unless that has called it by now. */
  park(intent: Intent): void {
    if (this.#admit(intent)) this.line(intent);
  }

  /** Takes an intent out of the line and away from its service. */
  release(intent: Intent): void {
    this.lane.delete(intent);
    if (intent.service !== null) this.circuits.leave(intent.service, intent);
  }

  /** No more work is begun. */
  [Symbol.dispose](): void {
    this.lane[Symbol.dispose]();
    this.circuits[Symbol.dispose]();
  }

  #admit(intent: Intent): boolean {
    if (intent.service === null || this.circuits.enter(intent.service, intent)) return true;
    intent.state = "parked";
    return false;
  }
}
