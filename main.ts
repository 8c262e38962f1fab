/**
 * Titan's command line. Adapters are chosen here and nowhere else.
 *
 * @module
 */
import process from "node:process";
import denoJson from "./deno.json" with { type: "json" };
import { COMMIT_BACKLOG_BYTES_MAX } from "./limits.ts";
import {
  type Config,
  createEpoch,
  type Environment,
  isDenoDeploy,
  isTracingOn,
  type Listen,
  loadDenoListener,
  loadWsListener,
  type MessageSpans,
  runTitan,
  type StoreOpening,
  systemClock,
  systemRandom,
  withDeployDefaults,
} from "./server/mod.ts";
import type { Store, StoreLimits } from "./store/mod.ts";

function openStore(config: Config, opening: StoreOpening): Promise<Store> {
  switch (config.store) {
    case "memory":
      return openMemory(config);
    case "shared":
      return openShared(config, opening);
    case "kv":
      return openKv(config, opening);
  }
}

async function openMemory(config: Config): Promise<Store> {
  const { MemoryStore } = await import("./store/memory/mod.ts");
  const epoch = createEpoch(systemRandom);
  return new MemoryStore({ limits: storeLimits(config), now: systemClock.now, epoch });
}

async function openKv(config: Config, { database, lost, failed }: StoreOpening): Promise<Store> {
  const { openKvStore } = await import("./store/kv/mod.ts");
  return await openKvStore(await database(), {
    clock: systemClock,
    limits: storeLimits(config),
    owner: { pid: Deno.pid, since: systemClock.now() },
    epoch: createEpoch(systemRandom),
    lost,
    failed,
  });
}

/** The database without a name: on Deno Deploy the one that is assigned to the application. */
async function openShared(config: Config, { failed }: StoreOpening): Promise<Store> {
  const { openSharedStore } = await import("./store/kv/shared/mod.ts");
  return await openSharedStore(await Deno.openKv(), {
    clock: systemClock,
    random: systemRandom,
    limits: storeLimits(config),
    epoch: createEpoch(systemRandom),
    failed,
  });
}

function storeLimits({ mailboxMessages, mailboxBytes }: Config): StoreLimits {
  return { mailboxMessages, mailboxBytes, backlogBytes: COMMIT_BACKLOG_BYTES_MAX };
}

/** V8's own function, where `--expose-gc` shows it. */
function garbageCollector(): (() => void) | undefined {
  const { gc } = globalThis as { gc?: (options: Record<string, string>) => void };
  return gc && (() => gc({ type: "major", execution: "sync", flavor: "last-resort" }));
}

/** Deno has it, and its types do not yet. */
function threadCpuMs(): number {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };
  const { user, system } = threadCpuUsage?.() ?? { user: 0, system: 0 };
  return (user + system) / 1000;
}

async function loadSpans(config: Config): Promise<MessageSpans | undefined> {
  if (!isTracingOn()) return undefined;
  const { createOtelSpans } = await import("./server/otel/mod.ts");
  return createOtelSpans(denoJson.version, config);
}

function loadListener({ listener }: Config): Promise<Listen> {
  return listener === "ws" ? loadWsListener() : loadDenoListener();
}

if (import.meta.main) {
  const env: Environment = (name) => Deno.env.get(name);
  const isHosted = isDenoDeploy(env);
  const args = isHosted && Deno.args.length === 0 ? ["serve"] : Deno.args;
  const exitCode = await runTitan(args, {
    version: denoJson.version,
    clock: systemClock,
    random: systemRandom,
    collectGarbage: garbageCollector(),
    threadCpuMs,
    isHosted,
    env: withDeployDefaults(env),
    openStore,
    loadStoreFiles: async () => (await import("./store/kv/files/mod.ts")).kvFiles,
    loadSpans,
    loadListener,
  });
  Deno.exit(exitCode);
}
