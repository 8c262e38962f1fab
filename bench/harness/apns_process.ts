/**
 * The local APNs of a benchmark, as a process of its own, and how a server reaches it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { TEST_CA } from "../../push/contract/test_certificate.ts";
import type { LocalApnsCount, LocalApnsReady } from "../load/local_apns.ts";
import { pause } from "./process_usage.ts";

/** How often it is looked at, in milliseconds. */
const LOOK_MS = 20;

/** An APNs that runs. Disposing of it ends it. */
export class ApnsProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  /** What a server needs to reach it. */
  env: Readonly<Record<string, string>> = {};
  /** Options of `deno run` by which a server trusts it. */
  readonly denoArgs: readonly string[];
  /** Pushes that it has had. */
  pushes = 0;

  private constructor(child: Deno.ChildProcess, certificate: string) {
    this.#child = child;
    this.denoArgs = [`--cert=${certificate}`];
    this.#reading = this.#read();
  }

  /** Starts it. @param directory where its certificate is put */
  static async start(directory: string): Promise<ApnsProcess> {
    const certificate = join(directory, "apns_ca.pem");
    await Deno.writeTextFile(certificate, TEST_CA);
    const script = fileURLToPath(import.meta.resolve("../load/local_apns.ts"));
    const args = ["run", "--no-prompt", "-A", script];
    const command = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" });
    const apns = new ApnsProcess(command.spawn(), certificate);
    while (apns.env["TITAN_APNS_URL"] === undefined) await pause(LOOK_MS);
    return apns;
  }

  /** Processor time and memory are those of this process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until it has had so many pushes. */
  async until(pushes: number): Promise<void> {
    while (this.pushes < pushes) await pause(LOOK_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#reading;
    await this.#child.status;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(JSON.parse(line));
    }
  }

  #take(line: LocalApnsReady | LocalApnsCount): void {
    if ("env" in line) this.env = line.env;
    else this.pushes = line.pushes;
  }
}
