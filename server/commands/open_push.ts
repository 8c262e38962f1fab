/**
 * Opening the push services that are configured.
 *
 * @module
 */
import { type Config, ConfigError, relabelled } from "../config.ts";
import type { Log } from "../log.ts";
import {
  hasPushService,
  openConfigured,
  type PushProviders,
  type PushWorld,
  withPushLog,
} from "../push_providers.ts";
import { PushWorker, spawnPushThread } from "../push_worker/mod.ts";
import { readTextFile } from "../text_file.ts";
import { CommandError, messageOf } from "./exit.ts";
import type { Program } from "./program.ts";

/**
 * Opens the push services, on a thread of their own where there are any and the store
 * has a directory.
 *
 * @throws {ConfigError} credentials cannot be read, or are none.
 * @throws {CommandError} what sends the pushes cannot be loaded.
 */
export async function openPush(program: Program, config: Config, log: Log): Promise<PushProviders> {
  if (!hasPushService(config)) return withPushLog(new Map(), log);
  const { clock, random } = program;
  try {
    if (config.store === "shared") {
      // Where it is used there may be no threads, and no permission to start one.
      const send: PushWorld["fetch"] = (url, options) => fetch(url, options);
      const world = { clock, random, fetch: send, readFile: readTextFile };
      return withPushLog(await openConfigured(config, world), log);
    }
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
