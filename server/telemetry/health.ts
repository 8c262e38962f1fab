/**
 * Whether the server can do its work now, for whoever decides where clients are sent.
 *
 * @module
 */
import type { Store } from "../../store/mod.ts";
import type { Clock } from "../clock.ts";
import { waitAtMost } from "../deadlines.ts";
import type { EventLoop } from "./event_loop.ts";
import type { Overload } from "./overload.ts";

/** How old the answer of the disk may be, in milliseconds: asking often costs one commit a second. */
const PROBE_MS = 1000;

/** How long the disk may take, in milliseconds. */
const PROBE_MS_MAX = 2000;

/** What a {@linkcode Health} is made of. */
export interface HealthParts {
  /** How old answers are. */
  readonly clock: Clock;
  /** What has to be writable. */
  readonly store: Pick<Store, "probe">;
  /** Absent where nobody watches it. */
  readonly loop?: EventLoop | undefined;
  /** Absent where nothing is ever turned away. */
  readonly overload?: Overload | undefined;
}

/** One question to the disk. */
interface Probe {
  readonly at: number;
  readonly settled: Promise<void>;
  state: "asked" | "written" | "refused";
}

/** Knows whether the server is ready. */
export class Health {
  readonly #parts: HealthParts;
  #probe: Probe | null = null;
  #isDraining = false;

  /** Starts as ready, if the disk takes what it is given. */
  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Whether the server is going down. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** The server is going down: it is not ready any more. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Why whoever is new is to come back later; null where they may come in. */
  get closedTo(): "draining" | "overloaded" | null {
    if (this.#isDraining) return "draining";
    return (this.#parts.overload?.level ?? 0) > 0 ? "overloaded" : null;
  }

  /** Why no clients should be sent here now; null where they should. */
  async unready(): Promise<string | null> {
    if (this.#isDraining) return "draining";
    if (this.#parts.loop?.isLate === true) return "the event loop is late";
    if (this.closedTo !== null) return "overloaded";
    const probe = this.#ask();
    const { clock } = this.#parts;
    const left = probe.at + PROBE_MS_MAX - clock.monotonic();
    if (probe.state === "asked" && left > 0) await waitAtMost(clock, left, probe.settled);
    if (probe.state === "asked") return "the store does not answer";
    return probe.state === "refused" ? "the store cannot be written" : null;
  }

  /** The newest question that was asked; a new one where its answer is old. */
  #ask(): Probe {
    const { clock, store } = this.#parts;
    const at = clock.monotonic();
    const newest = this.#probe;
    if (newest !== null && (newest.state === "asked" || at - newest.at < PROBE_MS)) return newest;
    const settled = store.probe().then(() => {
      probe.state = "written";
    }, () => {
      probe.state = "refused";
    });
    const probe: Probe = { at, settled, state: "asked" };
    this.#probe = probe;
    return probe;
  }
}
