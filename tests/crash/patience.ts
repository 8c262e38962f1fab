/**
 * How long a client waits before it tries again.
 *
 * @module
 */
import type { Closed } from "../harness/client.ts";
import type { Seeded } from "./seeded.ts";

/** Waits of a client, in milliseconds. */
export interface Patience {
  /** Before it connects again, after so many attempts in vain, from 1. */
  beforeConnect(failures: number): number;
  /** Before it connects again, after a connection that was good. */
  afterClose(closed: Closed): number;
  /** Before it sends again what was refused, with the seconds that the error named, or 0. */
  afterRefusal(retryAfter?: number): number;
}

/** Of a client that is to meet as much of a server as it can. */
export const HASTE: Patience = {
  beforeConnect: () => 30,
  afterClose: () => 0,
  afterRefusal: () => 200,
};

/** The first wait of a well-behaved client before it connects again, and the longest. */
const CONNECT_MS_MIN = 100;
const CONNECT_MS_MAX = 2000;

/** What it waits at least before it sends again. */
const REFUSED_MS_MIN = 200;

/** Of a client as `docs/protocol.md` wants it: it backs off, and does what the server asks for. */
export function courtesy(chance: Seeded): Patience {
  return {
    beforeConnect(failures) {
      const most = Math.min(CONNECT_MS_MAX, CONNECT_MS_MIN * 2 ** (failures - 1));
      return most * (0.5 + chance.next() / 2);
    },
    afterClose({ code, reason }) {
      if (code < 4100 || code > 4199) return 0;
      const [, seconds] = /reconnect after (\d+) s$/.exec(reason) ?? [];
      if (seconds === undefined) throw new Error(`Close ${code} names no delay: ${reason}`);
      return Number(seconds) * 1000;
    },
    afterRefusal: (retryAfter = 0) => Math.max(REFUSED_MS_MIN, retryAfter * 1000),
  };
}
