/**
 * The MQTT broker that Titan is compared with.
 *
 * @module
 */
import { join } from "node:path";
import type { Contender } from "./contender.ts";
import { pause } from "./process_usage.ts";

/** Where it may be: Debian keeps it out of the users' `PATH`. */
const PROGRAMS = ["mosquitto", "/usr/sbin/mosquitto"];

const START_ROUNDS_MAX = 100;
const START_ROUND_MS = 50;

/** The program, or null where it is not installed. */
export async function findMosquitto(): Promise<string | null> {
  for (const program of PROGRAMS) {
    try {
      // Whatever it says to that: it started.
      await new Deno.Command(program, { args: ["-h"] }).output();
      return program;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}

/** Starts it on a free port of 127.0.0.1, with sessions and messages kept in a directory. */
export async function startMosquitto(program: string, directory: string): Promise<Contender> {
  const port = freePort();
  await Deno.mkdir(directory, { recursive: true });
  const path = join(directory, "mosquitto.conf");
  await Deno.writeTextFile(path, configuration(port, directory));
  const child = new Deno.Command(program, {
    args: ["-c", path],
    stdout: "null",
    // It warns of what the configuration says on purpose.
    stderr: "null",
  }).spawn();
  const contender: Contender = {
    name: "mosquitto",
    protocol: "mqtt",
    address: `127.0.0.1:${port}`,
    pid: child.pid,
    secret: "",
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
  await listening(port);
  return contender;
}

/** QoS 1 without a bound on what is in flight or waits: nothing may be dropped. */
function configuration(port: number, directory: string): string {
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    "persistence true",
    `persistence_location ${directory}/`,
    "max_inflight_messages 0",
    "max_queued_messages 0",
    "log_type none",
  ];
  // Else it becomes a user of its own, who may not write there.
  if (Deno.uid() === 0) lines.push("user root");
  return lines.join("\n") + "\n";
}

/** A port that was free a moment ago: the broker cannot choose one itself. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function listening(port: number): Promise<void> {
  for (let round = 0; round < START_ROUNDS_MAX; round++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await pause(START_ROUND_MS);
    }
  }
  throw new Error(`Cannot start mosquitto: nothing listens on port ${port}`);
}
