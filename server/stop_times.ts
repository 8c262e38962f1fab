/**
 * How a stop divides the time it may take. Each part is bounded by itself, so that no peer and no
 * push service, however slow, holds up the end.
 *
 * @module
 */
import { CLOSE_MS_MAX } from "./transport.ts";

/** Connections are sent away in this part; pushes may have their outcomes meanwhile. */
const CLOSING_SHARE = 0.5;

/**
 * Kept for the last commits, in milliseconds: the store settles for half a second, and a commit on a
 * busy disk takes its time. Of the rest the peers that are slow to go may have what they need.
 */
const COMMITS_MS = 1500;

/** For the outcomes of what was pushed, and then once more for the end of the push services. */
const PUSHES_SHARE = 0.25;

/** Outcomes that are not there by then are asked for again by the next life's pushes. */
const PUSHES_MS_MAX = 5000;

/** What a peer is given however short the time is: the news that we go has to reach it. */
const PEERS_MS_MIN = 250;

/** The parts of a stop, in milliseconds. */
export interface StopTimes {
  /** In which connections are closed. */
  readonly closingMs: number;
  /** What peers that are slow to go, and requests that are unfinished, may take after it. */
  readonly peersMs: number;
  /** What outcomes of pushes may take, beside the closing, and the push services' end after them. */
  readonly pushesMs: number;
}

/** Divides a stop. @param seconds how long it may take: `TITAN_DRAIN` */
export function stopTimes(seconds: number): StopTimes {
  const ms = seconds * 1000;
  const closingMs = ms * CLOSING_SHARE;
  return {
    closingMs,
    peersMs: Math.max(PEERS_MS_MIN, Math.min(CLOSE_MS_MAX, ms - closingMs - COMMITS_MS)),
    pushesMs: Math.min(PUSHES_MS_MAX, ms * PUSHES_SHARE),
  };
}
