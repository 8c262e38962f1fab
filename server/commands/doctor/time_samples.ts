/**
 * What services that were asked for something else said of the time. No time service is needed for
 * that, and none is asked.
 *
 * @module
 */
import { type Finding, ok, skipped, warn, wrong } from "./finding.ts";

/** The time that one answer told. */
interface Sample {
  readonly host: string;
  /** By how much the machine's clock is behind it, in milliseconds. */
  readonly behindMs: number;
  /** By how much that may be wrong, in milliseconds. */
  readonly errorMs: number;
}

/** What is fetched with, as far as it matters here. */
type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Past this, tokens are refused: signatures are of a time, and are good for some minutes. */
const WRONG_MS = 60_000;

/** Past this somebody should look at it: a clock that is kept right is right to a second. */
const OFF_MS = 5000;

/** The header `Date` has whole seconds (RFC 9110 §5.6.7). */
const SECOND_MS = 1000;

/** Gathers the times of answers. */
export class TimeSamples {
  readonly #now: () => number;
  readonly #samples: Sample[] = [];

  /** @param now milliseconds since 1970, by the clock that is in question */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A `fetch` of which the answers are looked at. */
  watching(fetch: Fetch): Fetch {
    return async (url, init) => {
      const before = this.#now();
      const response = await fetch(url, init);
      this.#note(url, response.headers, before);
      return response;
    };
  }

  /** What the best of the samples says of the clock. */
  finding(): Finding {
    const [best] = this.#samples.toSorted((one, other) => one.errorMs - other.errorMs);
    if (best === undefined) {
      return skipped("clock", "No configured service answered with the time: it was not compared");
    }
    const { host, behindMs, errorMs } = best;
    const off = Math.max(0, Math.abs(behindMs) - errorMs);
    const text = off < SECOND_MS
      ? `It agrees with ${host}`
      : `It is ${Math.round(off / 1000)} s ${behindMs > 0 ? "behind" : "ahead of"} ${host}`;
    if (off <= OFF_MS) return ok("clock", text);
    if (off <= WRONG_MS) return warn("clock", text, "Let the system keep it right (NTP)");
    return wrong("clock", text, "Set it: issuers and push services refuse what it dates");
  }

  /** An answer from a cache says how old it is (RFC 9111 §5.1). */
  #note(url: string, headers: Headers, before: number): void {
    const after = this.#now();
    const date = Date.parse(headers.get("date") ?? "");
    const age = Number(headers.get("age") ?? 0) * 1000;
    if (Number.isNaN(date) || Number.isNaN(age) || after < before) return;
    const behindMs = date + age + SECOND_MS / 2 - (before + after) / 2;
    const errorMs = (after - before) / 2 + SECOND_MS / 2 + (age > 0 ? SECOND_MS : 0);
    this.#samples.push({ host: new URL(url).host, behindMs, errorMs });
  }
}
