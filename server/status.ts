/**
 * What a server shows of itself, put together, and the listener for operators.
 *
 * @module
 */
import type { Config } from "./config.ts";
import type { ConnectionCounts } from "./connection_counts.ts";
import type { Gateway } from "./gateway.ts";
import type { Listen, Listener } from "./listener.ts";
import type { Log } from "./log.ts";
import type { PushDispatcher } from "./push/mod.ts";
import { stopTimes } from "./stop_times.ts";
import {
  AdminDoor,
  type EventLoop,
  type Health,
  type Overload,
  StatusPages,
} from "./telemetry/mod.ts";
import type { Store } from "../store/mod.ts";

/** What the pages are read from. */
export interface StatusOf {
  readonly config: Pick<Config, "adminToken">;
  readonly store: Store;
  readonly version: string;
  readonly loop?: EventLoop | undefined;
  readonly overload?: Overload | undefined;
  readonly gateway: Gateway;
  readonly counts: ConnectionCounts;
  readonly pushes: Pick<PushDispatcher, "figures">;
  readonly health: Health;
}

/** The pages of a server that starts now. */
export function createStatusPages(server: StatusOf): StatusPages {
  const { gateway, counts, health, store, pushes, version, loop, overload } = server;
  const startedAt = gateway.monotonic();
  return new StatusPages({
    health,
    token: server.config.adminToken,
    sources: {
      telemetry: gateway.telemetry,
      version,
      loop,
      overload,
      connections: () => ({
        all: counts.connections,
        unauthenticated: counts.unauthenticated,
        users: gateway.hub.users,
      }),
      frames: () => gateway.frames,
      store: () => store.figures(),
      pushes: () => pushes.figures,
      isDraining: () => health.isDraining,
      uptime: () => (gateway.monotonic() - startedAt) / 1000,
    },
  });
}

/**
 * Opens the listener for operators, where there is to be one.
 *
 * @throws {Deno.errors.AddrInUse} somebody else listens there.
 */
export async function listenForOperators(
  { config, listen, log }: {
    readonly config: Pick<Config, "adminHost" | "adminPort" | "drainSeconds">;
    readonly listen: Listen;
    readonly log: Log;
  },
  pages: StatusPages,
): Promise<Listener | null> {
  const { adminHost: hostname, adminPort: port } = config;
  if (port === undefined) return null;
  const { peersMs: closeMs } = stopTimes(config.drainSeconds);
  return await listen({ hostname, port, closeMs }, new AdminDoor(pages, log));
}

/** Where a listener is reached, such as `http://127.0.0.1:3000`. */
export function urlOf({ hostname, port }: Listener): string {
  return `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
