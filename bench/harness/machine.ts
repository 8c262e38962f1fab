/**
 * What a benchmark runs on: a figure without its machine means nothing.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import { UnfitError } from "./command_line.ts";

/** File systems that live in memory, by the number that `statfs` gives them (Linux magic.h). */
const MEMORY_DISKS: ReadonlyMap<number, string> = new Map([
  [0x01021994, "tmpfs"],
  [0x858458f6, "ramfs"],
]);

const BYTES_PER_GIB = 1024 ** 3;

/** The machine, and how busy it was before the benchmark. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  /** The load averages of the last 1, 5 and 15 minutes: what others did here. */
  readonly loadBefore: readonly number[];
  readonly deno: string;
}

/** Looks at the machine. @throws {UnfitError} it does not run Linux. */
export async function describeMachine(): Promise<Machine> {
  if (Deno.build.os !== "linux") {
    throw new UnfitError("Cannot measure here: CPU time and memory are read from Linux's /proc");
  }
  const [, cpu = "unknown"] = /^model name\s*:\s*(.*)$/m.exec(
    await Deno.readTextFile("/proc/cpuinfo"),
  ) ?? [];
  return {
    cpu,
    cores: navigator.hardwareConcurrency,
    memoryGib: Math.round(Deno.systemMemoryInfo().total / BYTES_PER_GIB),
    loadBefore: Deno.loadavg().map((load) => Math.round(load * 100) / 100),
    deno: Deno.version.deno,
  };
}

/** The machine in one line. */
export function machineLine({ cpu, cores, memoryGib, loadBefore, deno }: Machine): string {
  const load = loadBefore.join(", ");
  return `${cpu}, ${cores} cores, ${memoryGib} GiB, Deno ${deno}, load before: ${load}`;
}

/** A directory on a real disk, removed with all that is in it when it is disposed of. */
export class WorkDir implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes a directory.
   *
   * @throws {UnfitError} `parent` is in memory: a sync there costs nothing, and a figure says nothing.
   */
  static async make(parent: string): Promise<WorkDir> {
    const { type } = await statfs(parent);
    const kind = MEMORY_DISKS.get(type);
    if (kind !== undefined) {
      throw new UnfitError(
        `Cannot measure in "${parent}": it is a ${kind}; name a disk with --dir`,
      );
    }
    return new WorkDir(await Deno.makeTempDir({ dir: parent, prefix: "titan-bench-" }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }
}
