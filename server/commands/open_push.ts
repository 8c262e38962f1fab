/**
 * Opening the push services that are configured.
 *
 * @module
 */
import { type Config, ConfigError, relabelled } from "../config.ts";
import type { Log } from "../log.ts";
import { hasPushService, type PushProviders, withPushLog } from "../push_providers.ts";
import { PushWorker, spawnPushThread } from "../push_worker/mod.ts";
import { CommandError, messageOf } from "./exit.ts";
import type { Program } from "./program.ts";

/**
 * Opens the push services, on a thread of their own where there are any.
 *
 * @throws {ConfigError} credentials cannot be read, or are none.
 * @throws {CommandError} what sends the pushes cannot be loaded.
 */
export async function openPush(program: Program, config: Config, log: Log): Promise<PushProviders> {
  if (!hasPushService(config)) return withPushLog(new Map(), log);
  try {
    const { clock } = program;
    const lost = (reason: string) => log.warn("push thread lost", { reason });
    const worker = await PushWorker.open({ config, clock, spawn: spawnPushThread, lost });
    return withPushLog(worker.providers, log);
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new ConfigError(relabelled(program.configuration(), error.problems));
    }
    throw new CommandError(`Cannot open the push services: ${messageOf(error)}`);
  }
}
