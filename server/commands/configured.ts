/**
 * What the deployment has chosen, read once for a command.
 *
 * @module
 */
import { type Config, configOf, type Configuration, readConfiguration } from "../config.ts";
import type { Environment } from "../deno_deploy.ts";
import { readConfigFile } from "../config_file.ts";
import type { ConfigFile } from "../config_sources.ts";
import { CONFIG_VARIABLE, fileVariableOf, TOKEN_VARIABLE } from "../setting_names.ts";

/** Variables that only some commands read, and no configuration. */
const OTHER_VARIABLES: readonly string[] = [TOKEN_VARIABLE, fileVariableOf(TOKEN_VARIABLE)];

/** The configuration of one command. It is read at the first need: some commands have none. */
export class Configured {
  #file: ConfigFile | undefined;
  #configuration: Configuration | undefined;
  readonly #env: Environment;

  /** @param env answers the value of a variable, or undefined where it is not set */
  constructor(env: Environment) {
    this.#env = env;
  }

  /**
   * Reads the file of settings; what is wrong with it is told when the configuration is needed.
   *
   * @param option the path that the command line names; undefined: as `TITAN_CONFIG` says
   */
  async open(option: string | undefined): Promise<void> {
    const path = option ?? (this.#env(CONFIG_VARIABLE) || undefined);
    if (path !== undefined) this.#file = await readConfigFile(path);
  }

  /** Everything that is written, with all mistakes. */
  configuration(): Configuration {
    this.#configuration ??= readConfiguration({
      env: this.#env,
      names: Object.keys(Deno.env.toObject()).filter((name) => !OTHER_VARIABLES.includes(name)),
      file: this.#file,
    });
    return this.#configuration;
  }

  /** What was chosen. @throws {ConfigError} there are mistakes. */
  config(): Config {
    return configOf(this.configuration());
  }
}
