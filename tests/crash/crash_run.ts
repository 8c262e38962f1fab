/**
 * One run: a server that is killed and started again on the same directory and port, and clients
 * that go on meanwhile. In the end everybody comes back and acknowledges what is left.
 *
 * @module
 */
import type { ServerProcess } from "../harness/server_process.ts";
import { TitanProcess } from "../harness/titan_process.ts";
import { Cast } from "./cast.ts";
import { check, isDrained } from "./checker.ts";
import type { Habits } from "./habits.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { History, Life } from "./history.ts";
import type { PersonHabits } from "./people/person_habits.ts";
import type { Fault } from "./fault.ts";
import { startFaulty } from "./faulty_server.ts";
import { Stage } from "./stage.ts";
import type { Violation } from "./violation.ts";

/** How long everybody may take to sign in for the first time, in milliseconds. */
const JOIN_MS_MAX = 30_000;

/** A drain ends in vain when nothing came for so long. All are new here: nothing waits its turn. */
const QUIET_MS = 3000;

/**
 * The same while somebody waits for an answer of the server, in milliseconds: a busy machine, or its
 * disk, stands still for seconds. What came after the drain would look like something left over.
 */
const STALL_MS_MAX = 20_000;

/** How often a drain looks whether it is over, in milliseconds. */
const LOOK_MS = 100;

/** How long everybody may take to come back once more, in milliseconds. */
const RETURN_MS_MAX = 15_000;

/** Characters of the server's output that are shown. */
const OUTPUT_CHARS_MAX = 4000;

/** Limits that no run reaches: what is refused here is a fault. */
const ENV: Readonly<Record<string, string>> = {
  TITAN_SEND_RATE: "0",
  TITAN_MAILBOX_MESSAGES: "1000000",
  TITAN_MAILBOX_BYTES: "4294967296",
};

/** Options for {@linkcode CrashRun.start}. */
export interface CrashRunOptions {
  readonly seed: number;
  readonly habits: readonly Habits[];
  /** Those who sign in with an issuer, and come and go as users. @default {nobody} */
  readonly people?: readonly PersonHabits[];
  /** Where the server keeps everything. @default {a new directory, which goes with the run} */
  readonly dataDir?: string;
  /** Error codes that may refuse a message in this run. */
  readonly refusals?: readonly number[];
  /** The listener of the server. @default {"deno"} */
  readonly listener?: "deno" | "ws";
  /** What is wrong with the first servers, each of which dies while everybody signs in. */
  readonly joining?: readonly Fault[];
}

/** How one life of the server goes. */
export interface LifePlan {
  /** Kills the server so long after it is ready; with `kill` in the fault, at the latest then. */
  readonly ms: number;
  /** Whether it is killed; else it is stopped as an operator stops it. @default {true} */
  readonly isKilled?: boolean;
  /** Runs the server under test, with this fault, instead of `main.ts`. */
  readonly fault?: Fault;
}

/** One run. Disposing of it ends everything that it started. */
export class CrashRun implements AsyncDisposable {
  readonly history: History;
  readonly stage: Stage;
  readonly dataDir: string;
  readonly #options: CrashRunOptions;
  readonly #cast: Cast;
  #server: ServerProcess | null = null;
  #port = "0";
  /** Who did not come back in the end. */
  #missing: readonly string[] = [];

  private constructor(options: CrashRunOptions, dataDir: string, stage: Stage, cast: Cast) {
    this.#options = options;
    this.dataDir = dataDir;
    this.stage = stage;
    this.#cast = cast;
    const { devices, people } = cast;
    this.history = { devices, people, lives: [], refusals: new Set(options.refusals ?? []) };
  }

  /** Starts a server and waits until everybody has signed in. It goes on until it is killed. */
  static async start(options: CrashRunOptions): Promise<CrashRun> {
    const { seed, habits, people = [] } = options;
    const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "titan-crash-" });
    const stage = new Stage();
    const cast = await Cast.create({ seed, stage, dataDir, habits, people });
    const run = new CrashRun(options, dataDir, stage, cast);
    try {
      await run.#join();
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Lets the server live, or a new one where the last was killed, and kills it. */
  async live({ ms, isKilled = true, fault }: LifePlan): Promise<void> {
    const life = await this.#begin(fault);
    if (life === null) return;
    const server = this.#server;
    if (server === null) throw new Error("There is no server");
    const isOver = Promise.withResolvers<void>();
    const timer = setTimeout(isOver.resolve, ms);
    const ended = server.ended.then(() => life.killed = Math.min(life.killed, this.stage.now()));
    await Promise.race([isOver.promise, ended]);
    clearTimeout(timer);
    if (isKilled) await this.#kill(life, fault);
    else await this.#stop(life);
  }

  /** Starts a server and kills it before it is ready. */
  async stumble(ms: number): Promise<void> {
    const process = new TitanProcess({
      dataDir: this.dataDir,
      args: ["serve"],
      env: { ...this.#env(), TITAN_LOG: "json" },
    });
    const started = this.stage.now();
    await this.stage.pause(ms);
    await process.stop("SIGKILL");
    const end = "was killed while it started";
    this.history.lives.push({ started, ready: started, killed: this.stage.now(), end });
  }

  /**
   * Starts a server that is not killed any more, and waits until everything that is due has come
   * and is acknowledged, or until nothing comes any more. Then everybody comes back once more.
   *
   * @param stallMs how long the server stands still in the beginning
   */
  async drain(stallMs = 0): Promise<void> {
    this.stage.enter("draining");
    await this.#begin(undefined);
    if (stallMs > 0) this.#stall(stallMs);
    let seen = "";
    let quietSince = this.stage.now();
    while (this.stage.now() - quietSince < (this.#cast.isDone ? QUIET_MS : STALL_MS_MAX)) {
      await this.stage.pause(LOOK_MS);
      const state = this.#state();
      if (state !== seen) {
        seen = state;
        quietSince = this.stage.now();
      } else if (this.#cast.isDone && isDrained(this.history)) break;
    }
    await this.#cast.return();
    const deadline = this.stage.now() + RETURN_MS_MAX;
    while (!this.#cast.isBack && this.stage.now() < deadline) await this.stage.pause(LOOK_MS);
    this.#missing = this.#cast.missing;
    await this.#cast.audit();
  }

  /**
   * Everybody leaves; then the server stops, as an operator stops it.
   *
   * @returns the exit code
   */
  async end(): Promise<number> {
    await this.#leave();
    const server = this.#server;
    if (server === null) throw new Error("There is no server");
    const { code } = await server.stop("SIGTERM");
    return code;
  }

  /** What the run broke, from what the clients wrote down, and who never came back. */
  check(): readonly Violation[] {
    const missing = this.#missing.map((what) => ({ rule: "drain", what, history: [] }));
    return [...missing, ...check(this.history)];
  }

  /** The run in numbers. */
  figures(): Figures {
    return figuresOf(this.history);
  }

  /** The end of what the server wrote, for the message of a failing test. */
  output(): string {
    return this.#server?.output().slice(-OUTPUT_CHARS_MAX) ?? "the server does not run";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave();
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = null;
    await this.#cast[Symbol.asyncDispose]();
    if (this.#options.dataDir === undefined) await Deno.remove(this.dataDir, { recursive: true });
  }

  async #join(): Promise<void> {
    this.#cast.run();
    for (const fault of this.#options.joining ?? []) await this.live({ ms: JOIN_MS_MAX, fault });
    await this.#begin(undefined);
    const deadline = this.stage.now() + JOIN_MS_MAX;
    while (!this.#cast.hasJoined) {
      if (this.stage.now() > deadline) throw new Error("Not everybody could sign in");
      await this.stage.pause(LOOK_MS);
    }
    this.stage.enter("live");
  }

  /** The life of the server that runs, or of a new one; null where it died before it was ready. */
  async #begin(fault: Fault | undefined): Promise<Life | null> {
    const current = this.history.lives.at(-1);
    if (this.#server !== null && current !== undefined && fault === undefined) return current;
    if (this.#server !== null) throw new Error("Cannot begin a life: the last is not over");
    const started = this.stage.now();
    try {
      const env = this.#env();
      this.#server = await startFaulty(fault, { dataDir: this.dataDir, env });
    } catch (error) {
      if (fault?.kill === undefined) throw error;
      const end = `died while it started, at ${JSON.stringify(fault.kill)}`;
      this.history.lives.push({ started, ready: started, killed: this.stage.now(), end });
      return null;
    }
    const life = { started, ready: this.stage.now(), killed: Infinity, end: "lives" };
    this.history.lives.push(life);
    this.#port = new URL(this.#server.url).port;
    this.stage.opened(this.#server.url);
    return life;
  }

  async #kill(life: Life, fault: Fault | undefined): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.stage.shut();
    const died = Number.isFinite(life.killed);
    life.end = died ? `died at ${JSON.stringify(fault?.kill)}` : "is killed";
    life.killed = Math.min(life.killed, this.stage.now());
    const { signal, stderr, code } = await server.stop("SIGKILL");
    this.#server = null;
    await server[Symbol.asyncDispose]();
    if (signal !== "SIGKILL") {
      throw new Error(`Server ended by itself (${code}):\n${stderr.slice(-4000)}`);
    }
    for (const { connections } of this.history.devices) {
      const last = connections.at(-1);
      if (last !== undefined && last.since < life.killed) {
        last.ended = Math.min(last.ended, life.killed);
      }
    }
  }

  async #stop(life: Life): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.stage.shut();
    const { code, stderr } = await server.stop("SIGTERM");
    life.killed = Math.min(life.killed, this.stage.now());
    life.end = `stops with ${code}`;
    this.#server = null;
    await server[Symbol.asyncDispose]();
    if (code !== 0) throw new Error(`Server ended with ${code}:\n${stderr.slice(-4000)}`);
  }

  #env(): Record<string, string> {
    const { listener = "deno" } = this.#options;
    return { ...ENV, ...this.#cast.env, PORT: this.#port, TITAN_LISTENER: listener };
  }

  /** As on a machine that has no time for the server. */
  #stall(ms: number): void {
    const server = this.#server;
    server?.kill("SIGSTOP");
    setTimeout(() => server?.kill("SIGCONT"), ms);
  }

  /** What changes when something comes. */
  #state(): string {
    const { connections, deliveries, accepted, acts } = this.figures();
    return `${connections} ${deliveries} ${accepted} ${acts}`;
  }

  async #leave(): Promise<void> {
    this.stage.enter("over");
    await this.#cast.leave();
  }
}
