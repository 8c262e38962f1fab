/**
 * What the commands are given by `main.ts`, which alone chooses adapters.
 *
 * @module
 */
import type { Store, StoreFiles } from "../../store/mod.ts";
import type { Clock, RandomBytes } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Listen } from "../listener.ts";

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
export interface Program {
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
  /** Reads the configuration. @throws {ConfigError} it holds mistakes. */
  config(): Config;
  /** Opens the configured store. @throws {Error} it cannot be opened. */
  openStore(config: Config, opening: StoreOpening): Promise<Store>;
  /** Loads what works on the files of the embedded store. */
  loadStoreFiles(): Promise<StoreFiles>;
  /** Loads the configured listener. */
  loadListener(config: Config): Promise<Listen>;
}
