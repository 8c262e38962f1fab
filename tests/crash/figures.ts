/**
 * A run in numbers.
 *
 * @module
 */
import { acceptanceOf, type History } from "./history.ts";

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
}

/** Counts what happened in a run. */
export function figuresOf({ devices, lives }: History): Figures {
  const connections = devices.flatMap((device) => device.connections);
  const deliveries = connections.flatMap((connection) => connection.deliveries);
  const sent = devices.flatMap((device) => device.sent);
  return {
    lives: lives.length,
    devices: devices.length,
    connections: connections.length,
    sent: sent.length,
    accepted: sent.filter((message) => acceptanceOf(message) !== undefined).length,
    deliveries: deliveries.length,
    redeliveries: deliveries.filter(({ redelivered }) => redelivered > 0).length,
    slowestStartMs: Math.round(Math.max(...lives.map(({ started, ready }) => ready - started))),
  };
}
