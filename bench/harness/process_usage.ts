/**
 * What a process has used of the machine, as Linux counts it (proc(5)).
 *
 * @module
 */

/** Linux counts CPU time in ticks of this many milliseconds (`USER_HZ` is 100 everywhere). */
const TICK_MS = 10;

/** Places in `/proc/PID/stat`, counted from the state, which is the first after the name. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** CPU time of all threads of a process, user and system, in milliseconds. */
export function cpuMsOf(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK_MS;
}

/** Memory of a process that is in RAM, in KiB. */
export function rssKibOf(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`)) ?? [];
  if (kib === undefined) throw new Error(`Cannot read the memory of process ${pid}: it is over`);
  return Number(kib);
}

/** Waits until processes rest, or for 20 s: work that one run left would slow down the next. */
export async function untilQuiet(pids: readonly number[]): Promise<void> {
  const total = () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  let before = total();
  for (let round = 0; round < QUIET_ROUNDS_MAX; round++) {
    await pause(QUIET_MS);
    const now = total();
    if (now - before <= QUIET_CPU_MS) return;
    before = now;
  }
}

const QUIET_ROUNDS_MAX = 20;
const QUIET_MS = 1000;
const QUIET_CPU_MS = 30;

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
