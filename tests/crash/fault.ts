/**
 * What can be made wrong with the server under test. The product has no switch for any of it.
 *
 * @module
 */

/** The program, as a path from the root of the repository. */
export const SERVER_UNDER_TEST = "tests/crash/faulty_titan.ts";

/** What the server does to its database, as one can tell from the keys. */
export const STEPS = [
  /** A journal segment is written. */
  "commit",
  /** The journal goes on to another file. */
  "rotation",
  /** Unsettled entries become rows, and cursors are written. */
  "settle",
  /** Client ids become rows. */
  "cids",
  /** Settled segments are deleted. */
  "cut",
  /** Rows that everybody has read are deleted. */
  "compaction",
  /** The journal is read at a start. */
  "replay",
  /** A start takes the file over. */
  "owner",
  /** Users and devices are written: at a sign-in, a refresh, a registration of a device. */
  "registration",
  /** Tokens are refused from here on. */
  "revocation",
  /** What is left of a removed user is deleted. */
  "removal",
] as const;

/** One of {@linkcode STEPS}. */
export type StepKind = typeof STEPS[number];

/** When the process dies: around one call of the disk. */
export interface KillPoint {
  readonly step: StepKind;
  /** `during`: the call is under way. `after`: it is done and its caller has not heard yet. */
  readonly moment: "before" | "during" | "after";
  /** Which call of that kind, from 1. */
  readonly call: number;
}

/** What is wrong. Nothing: the server is the same as `main.ts`. */
export interface Fault {
  /** Answers senders this many milliseconds before their messages go to be committed (I1). */
  readonly acceptEarlyMs?: number;
  /** Moves every cursor so many positions further than was acknowledged (I3). */
  readonly skip?: number;
  /** Answers that tokens are refused so many milliseconds before that is stored. */
  readonly revokeEarlyMs?: number;
  /** Answers a refresh so many milliseconds before it is stored. */
  readonly renewEarlyMs?: number;
  readonly kill?: KillPoint;
  /** The store's background work comes so many times sooner. */
  readonly hurry?: number;
  /** The sweep of the outbox does not find users whose id begins so. */
  readonly unlisted?: string;
  /** No commit says that users are owed a push whose id begins so. */
  readonly unowed?: string;
  /** The server's clock is so many milliseconds ahead: what is to be in that time is due now. */
  readonly aheadMs?: number;
}
