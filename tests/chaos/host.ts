/**
 * A machine for the server under load: its data directory and port stay while servers come and go.
 *
 * @module
 */
import { join } from "node:path";
import type { Fault } from "../crash/fault.ts";
import { startFaulty } from "../crash/faulty_server.ts";
import type { ServerProcess } from "../harness/server_process.ts";
import type { Ended } from "../harness/titan_process.ts";

/** Limits that no run reaches. */
const ENV: Readonly<Record<string, string>> = {
  TITAN_SEND_RATE: "0",
  TITAN_MAILBOX_MESSAGES: "10000000",
  TITAN_MAILBOX_BYTES: "17179869184",
};

/** The end of what a server wrote that is shown where something goes wrong, in characters. */
const OUTPUT_CHARS_MAX = 2000;

/** How a host is made. */
export interface HostOptions {
  /** Its subdirectory `data` is the data directory. */
  readonly directory: string;
  /** What starts the server. @default {nothing: it starts by itself} */
  readonly launcher?: readonly string[] | undefined;
  /** What is wrong with the server. @default {nothing} */
  readonly fault?: Fault | undefined;
}

/** A server, and what it stands on. Disposing of it ends the server, and leaves the directory. */
export class Host implements AsyncDisposable {
  readonly dataDir: string;
  readonly #options: HostOptions;
  #server: ServerProcess | null = null;
  #port = "0";

  constructor(options: HostOptions) {
    this.dataDir = join(options.directory, "data");
    this.#options = options;
  }

  /** The server that runs. */
  get server(): ServerProcess {
    if (this.#server === null) throw new Error("There is no server");
    return this.#server;
  }

  /** Where it listens: the same for all servers of this host. */
  get url(): string {
    return this.server.url;
  }

  /** Starts a server where none runs, and waits until it is ready. */
  async start(): Promise<void> {
    if (this.#server !== null) return;
    const env = { ...ENV, PORT: this.#port };
    const { dataDir } = this;
    const { launcher = [], fault } = this.#options;
    this.#server = await startFaulty(fault, { dataDir, env, launcher });
    this.#port = new URL(this.#server.url).port;
  }

  /** Ends the server by a signal. @throws {Error} it ended otherwise than the signal has it. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<Ended> {
    const { server } = this;
    const ended = await server.stop(signal);
    this.#server = null;
    await server[Symbol.asyncDispose]();
    const isRight = signal === "SIGKILL" ? ended.signal === signal : ended.code === 0;
    if (isRight) return ended;
    const said = (ended.stdout + ended.stderr).slice(-OUTPUT_CHARS_MAX);
    throw new Error(`Server ended with code ${ended.code}, signal ${ended.signal}:\n${said}`);
  }

  /** Ends the server as an operator does, where one runs. */
  async end(): Promise<void> {
    if (this.#server !== null) await this.stop("SIGTERM");
  }

  /** The end of what the server wrote. */
  output(): string {
    return this.#server?.output().slice(-OUTPUT_CHARS_MAX) ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = null;
  }
}
