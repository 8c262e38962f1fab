/**
 * Opening the push services that are configured.
 *
 * @module
 */
import { type Config, ConfigError } from "../config.ts";
import type { Log } from "../log.ts";
import { openPushProviders, type PushProviders } from "../push_providers.ts";
import { CommandError, messageOf } from "./exit.ts";
import type { Program } from "./program.ts";

/**
 * Opens the push services.
 *
 * @throws {ConfigError} credentials cannot be read, or are none.
 * @throws {CommandError} what sends the pushes cannot be loaded.
 */
export async function openPush(program: Program, config: Config, log: Log): Promise<PushProviders> {
  const { clock, random } = program;
  try {
    return await openPushProviders(config, {
      clock,
      random,
      log,
      fetch: (url, options) => fetch(url, options),
      readFile: (path) => Deno.readTextFile(path),
    });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new CommandError(`Cannot open the push services: ${messageOf(error)}`);
  }
}
