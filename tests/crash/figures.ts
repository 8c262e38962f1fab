/**
 * A run in numbers.
 *
 * @module
 */
import { acceptanceOf, type History } from "./history.ts";
import type { Act, ActKind } from "./people/account_history.ts";

/** What a run was like. */
export interface Figures {
  /** Processes of the server. */
  readonly lives: number;
  readonly devices: number;
  readonly connections: number;
  readonly sent: number;
  /** Messages that were acknowledged to their senders. */
  readonly accepted: number;
  readonly deliveries: number;
  readonly redeliveries: number;
  /** Milliseconds from the start of a process to its being ready, the longest. */
  readonly slowestStartMs: number;
  /** What people asked of their accounts. */
  readonly acts: number;
  /** Of those, what was acknowledged. */
  readonly signIns: number;
  readonly refreshes: number;
  readonly pushes: number;
  readonly logouts: number;
  readonly deletes: number;
  /** Of what changes something, what nobody heard of. */
  readonly cut: number;
  /** Deletions of those. */
  readonly cutDeletes: number;
  /** Tokens that were shown and refused. */
  readonly refused: number;
}

/** What changes something. */
const CHANGES: readonly ActKind[] = [
  "sign in",
  "refresh",
  "register",
  "logout",
  "logout all",
  "delete",
];

/** Counts what happened in a run. */
export function figuresOf({ devices, people, lives }: History): Figures {
  const connections = devices.flatMap((device) => device.connections);
  const deliveries = connections.flatMap((connection) => connection.deliveries);
  const sent = devices.flatMap((device) => device.sent);
  const acts = people.flatMap((person) => person.acts);
  const done = (...kinds: ActKind[]) =>
    acts.filter(({ kind, answer }) => answer?.kind === "done" && kinds.includes(kind)).length;
  const cut = acts.filter(({ kind, answer }) => answer === undefined && CHANGES.includes(kind));
  return {
    lives: lives.length,
    devices: devices.length,
    connections: connections.length,
    sent: sent.length,
    accepted: sent.filter((message) => acceptanceOf(message) !== undefined).length,
    deliveries: deliveries.length,
    redeliveries: deliveries.filter(({ redelivered }) => redelivered > 0).length,
    slowestStartMs: Math.round(Math.max(...lives.map(({ started, ready }) => ready - started))),
    acts: acts.length,
    signIns: done("sign in"),
    refreshes: done("refresh"),
    pushes: done("register"),
    logouts: done("logout", "logout all"),
    deletes: done("delete"),
    cut: cut.length,
    cutDeletes: cut.filter(({ kind }) => kind === "delete").length,
    refused: acts.filter(isRefused).length,
  };
}

function isRefused({ answer }: Act): boolean {
  return answer?.kind === "refused";
}
