/**
 * A wall clock for one process that can be put forward and back while the process runs, by
 * libfaketime (Debian's package `faketime`). Time that only measures goes on as ever.
 *
 * @module
 */
import { join } from "node:path";

/** Where Debian and others put the library for programs with threads. */
const LIBRARY_PLACES = [
  `/usr/lib/${Deno.build.arch}-linux-gnu/faketime/libfaketimeMT.so.1`,
  "/usr/lib/faketime/libfaketimeMT.so.1",
  "/usr/local/lib/faketime/libfaketimeMT.so.1",
  "/usr/lib64/faketime/libfaketimeMT.so.1",
];

/**
 * The library looks whether the clock has jumped when more whole seconds than these have passed, so
 * after a second more at the latest.
 */
const LOOK_SECONDS = 1;

/** Finds the library; undefined where it is not installed. */
export async function findFaketime(): Promise<string | undefined> {
  for (const path of LIBRARY_PLACES) {
    const isThere = await Deno.stat(path).then(({ isFile }) => isFile, () => false);
    if (isThere) return path;
  }
  return undefined;
}

/** The clock of one process. */
export class WallClock {
  /** What starts a program that goes by this clock: it becomes the program. */
  readonly launcher: readonly string[];
  readonly #file: string;

  private constructor(launcher: readonly string[], file: string) {
    this.launcher = launcher;
    this.#file = file;
  }

  /** Makes a clock that tells the true time. @param directory to keep it in */
  static async create(library: string, directory: string): Promise<WallClock> {
    const file = join(directory, "clock");
    // Deno lets no program without all permissions set LD_PRELOAD; env has no such scruples, and
    // the program keeps its process id.
    const launcher = [
      "env",
      `LD_PRELOAD=${library}`,
      `FAKETIME_TIMESTAMP_FILE=${file}`,
      `FAKETIME_CACHE_DURATION=${LOOK_SECONDS}`,
      "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ];
    const clock = new WallClock(launcher, file);
    await clock.jump(0);
    return clock;
  }

  /** Sets the clock: so many milliseconds from the true time. The process sees it when it looks. */
  async jump(shiftMs: number): Promise<void> {
    const seconds = shiftMs / 1000;
    // As a whole, for it may be read at any moment.
    await Deno.writeTextFile(`${this.#file}.new`, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    await Deno.rename(`${this.#file}.new`, this.#file);
  }

  /** After so many milliseconds the process has seen the last jump. */
  static readonly seenMs = (LOOK_SECONDS + 1) * 1000 + 500;
}
