/**
 * How much memory a process takes, as Linux counts it.
 *
 * @module
 */

/** The resident memory of a process, in bytes. */
export interface ProcessMemory {
  readonly now: number;
  /** The most since the last call. */
  readonly peak: number;
}

/** Reads what tests may not read themselves, and starts the peak anew. */
const SCRIPT = `
const [pid] = Deno.args;
const status = Deno.readTextFileSync("/proc/" + pid + "/status");
const kib = (name) => Number(new RegExp(name + ":\\\\s+(\\\\d+)").exec(status)[1]);
console.log(JSON.stringify([kib("VmRSS"), kib("VmHWM")]));
Deno.writeTextFileSync("/proc/" + pid + "/clear_refs", "5");
`;

/** Measures a process, and starts its peak anew. */
export async function measureMemory(pid: number): Promise<ProcessMemory> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["eval", SCRIPT, "--", String(pid)],
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot measure: ${new TextDecoder().decode(stderr)}`);
  const [now, peak] = JSON.parse(new TextDecoder().decode(stdout));
  return { now: now * 1024, peak: peak * 1024 };
}
