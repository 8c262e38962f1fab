/**
 * What the commands are given by `main.ts`, which alone chooses adapters.
 *
 * @module
 */
import type { Store, StoreFiles } from "../../store/mod.ts";
import type { Clock, RandomBytes } from "../clock.ts";
import type { Config, Configuration } from "../config.ts";
import type { Environment } from "../deno_deploy.ts";
import type { Listen } from "../listener.ts";
import type { MessageSpans } from "../trace/mod.ts";

/** What a store is opened with beside the configuration. */
export interface StoreOpening {
  /** Answers the path of the database, made where it is missing. */
  database(): Promise<string>;
  /** Another process took the store over: this one must end. */
  lost(): void;
  /** Background work failed; it is tried again. */
  failed(error: unknown): void;
}

/** The world and the adapters. */
export interface Adapters {
  /** The version of Titan. */
  readonly version: string;
  /** The clock of the machine. */
  readonly clock: Clock;
  /** The randomness of the machine. */
  readonly random: RandomBytes;
  /** Collects garbage and gives memory back; undefined where V8 does not show how. */
  readonly collectGarbage?: (() => void) | undefined;
  /** CPU time that this thread has taken, in milliseconds; undefined where nobody knows. */
  readonly threadCpuMs?: (() => number) | undefined;
  /** Whether it runs on a host that ends TLS by itself. @default {false} */
  readonly isHosted?: boolean;
  /** Answers the value of a variable, or undefined where it is not set. @default {Deno's own} */
  readonly env?: Environment;
  /** Opens the configured store. @throws {Error} it cannot be opened. */
  openStore(config: Config, opening: StoreOpening): Promise<Store>;
  /** Loads what works on the files of the embedded store. */
  loadStoreFiles(): Promise<StoreFiles>;
  /**
   * Loads what tells OpenTelemetry of messages; undefined where that is off.
   *
   * @throws {ConfigError} it would tell what it must not.
   */
  loadSpans(config: Config): Promise<MessageSpans | undefined>;
  /** Loads the configured listener. */
  loadListener(config: Config): Promise<Listen>;
}

/** What commands work with. */
export interface Program extends Adapters {
  /** What the deployment has chosen. @throws {ConfigError} there are mistakes. */
  config(): Config;
  /** The same with all mistakes, and where each choice is from. */
  configuration(): Configuration;
}
