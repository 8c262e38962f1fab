/**
 * Where settings are written.
 *
 * @module
 */
import type { TextFile } from "./text_file.ts";

/** A file of settings that was read. */
export interface ConfigFile {
  /** As it was named. */
  readonly path: string;
  /** What it holds, by key. */
  readonly values: ReadonlyMap<string, unknown>;
  /** What is wrong with the file as a whole. */
  readonly problems: readonly string[];
  /** Whether every user of the machine may read it. */
  readonly isPublic: boolean;
}

/** Everything that settings are read from. */
export interface ConfigSources {
  /** Answers the value of a variable, or undefined where it is not set. */
  env(name: string): string | undefined;
  /** The names of all variables, to find the misspelt. */
  readonly names: readonly string[];
  /** A file of settings. */
  readonly file?: ConfigFile | undefined;
  /** Reads a file with one value. @default {readValueFile} */
  readonly readFile?: (path: string) => TextFile;
}
