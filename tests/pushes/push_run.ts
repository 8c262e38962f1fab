/**
 * One run: a server that is killed and started again, a push service that is not always well, and
 * people who send to devices that sleep. In the end nobody sends, and what is owed has to come.
 *
 * @module
 */
import { Seeded } from "../crash/seeded.ts";
import { startFaulty } from "../crash/faulty_server.ts";
import type { Fault } from "../crash/fault.ts";
import { Stage } from "../crash/stage.ts";
import { makeToken, type ServerProcess } from "../harness/server_process.ts";
import { keepSending, keepVisiting, register } from "./push_actors.ts";
import { checkPushes, isOwedNow, owedNow, type PushCheck } from "./push_checker.ts";
import type { LifeRecord, PushHistory, ReceiverRecord } from "./push_history.ts";
import { type ApnsMood, PushRecorder } from "./push_recorder.ts";

/** Registrations at a time. */
const REGISTERING_MAX = 20;

/** How many receivers are here now and then. */
const VISITORS = 0.25;

/** How long all that is owed may take after a start: two sweeps and the pushes, in milliseconds. */
const OWED_MS_MAX = 60_000;

const SECRET = "a secret of at least thirty-two bytes";

/** What a push tells is how the checker knows what it speaks for. Nothing refuses a message. */
const ENV: Readonly<Record<string, string>> = {
  TITAN_PUSH_CONTENT: "text",
  TITAN_JWT_SECRET: SECRET,
  TITAN_SEND_RATE: "0",
};

/** Options for {@linkcode PushRun.start}. */
export interface PushRunOptions {
  readonly seed: number;
  readonly senders: number;
  /** Receivers of each sender. */
  readonly receivers: number;
}

/** How one life of the server goes. */
export interface PushLifePlan {
  /** When it is killed, in milliseconds after it is ready. */
  readonly ms: number;
  /** What the push service does from some moment of it on. */
  readonly then?: { readonly mood: ApnsMood; readonly ms: number };
  readonly fault?: Fault;
}

/** One run. Disposing of it ends everything that it started. */
export class PushRun implements AsyncDisposable {
  readonly history: PushHistory;
  readonly stage = new Stage();
  readonly #options: PushRunOptions;
  readonly #dataDir: string;
  readonly #recorder: PushRecorder;
  #server: ServerProcess | null = null;
  #acting: Promise<unknown> = Promise.resolve();

  private constructor(options: PushRunOptions, dataDir: string, recorder: PushRecorder) {
    this.#options = options;
    this.#dataDir = dataDir;
    this.#recorder = recorder;
    const count = options.senders * options.receivers;
    const receivers = Array.from({ length: count }, (_, index): ReceiverRecord => ({
      user: `r${index}`,
      token: recorder.token(index),
      sent: [],
      acknowledged: new Set(),
    }));
    this.history = { receivers, pushes: recorder.pushes, lives: [] };
  }

  /** Starts a server and lets everybody register; then all of them act. */
  static async start(options: PushRunOptions): Promise<PushRun> {
    const dataDir = await Deno.makeTempDir({ prefix: "titan-pushes-" });
    const run = new PushRun(options, dataDir, await PushRecorder.open());
    try {
      await run.#begin(undefined);
      await run.#register();
      run.stage.enter("live");
      run.#acting = run.#act();
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Lets the server live, or a new one where the last was killed, and kills it; with `kill` in the
   * fault at the latest then.
   */
  async live({ ms, then, fault }: PushLifePlan): Promise<void> {
    if (this.#server === null && !await this.#tryBegin(fault)) return;
    const life = this.history.lives.at(-1);
    void this.#server?.ended.then(() => {
      if (life !== undefined) life.ended = Math.min(life.ended, performance.now());
    });
    if (then !== undefined && then.ms < ms) {
      await this.#pass(then.ms);
      this.#recorder.behave(then.mood);
      await this.#pass(ms - then.ms);
    } else await this.#pass(ms);
    await this.#end("SIGKILL");
  }

  /** Nobody sends or comes any more. */
  async calm(): Promise<void> {
    this.stage.enter("draining");
    this.stage.opened("");
    await this.#acting;
  }

  /**
   * Starts a server, waits until nobody is owed a push that is due, and stops it.
   *
   * @param mayMiss whom not to wait for
   * @returns how long it took after the server was ready, in milliseconds
   */
  async settle(fault?: Fault, mayMiss: (user: string) => boolean = () => false): Promise<number> {
    const life = await this.#begin(fault);
    const recorder = this.#recorder;
    const serverNow = () => performance.now() + life.aheadMs;
    // Only the last one is looked at again with each push: thousands of them come.
    const missing = [...this.owed(life.aheadMs)].filter(({ user }) => !mayMiss(user));
    const isMissing = (one: ReceiverRecord) =>
      isOwedNow(one, recorder.of(one.token), this.history.lives, serverNow());
    const isDone = () => {
      for (let last = missing.at(-1); last !== undefined; last = missing.at(-1)) {
        if (isMissing(last)) return undefined;
        missing.pop();
      }
      return true;
    };
    const state = () => `${missing.length} may be owed one, and ${missing.at(-1)?.user} is`;
    await recorder.changes.until(isDone, "all pushes that are due", { ms: OWED_MS_MAX, state });
    const ms = performance.now() - life.ready;
    await this.#end("SIGTERM");
    return ms;
  }

  /** Whom a push is owed now, by a clock that is so far ahead. */
  owed(aheadMs = 0): readonly ReceiverRecord[] {
    return owedNow(this.history, performance.now() + aheadMs);
  }

  /** What came of it. */
  check(): PushCheck {
    return checkPushes(this.history);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stage.enter("over");
    this.stage.opened("");
    await this.#server?.[Symbol.asyncDispose]();
    await this.#acting;
    await this.#recorder[Symbol.asyncDispose]();
    await Deno.remove(this.#dataDir, { recursive: true });
  }

  /** Lets time pass, unless the server dies. */
  async #pass(ms: number): Promise<void> {
    await Promise.race([this.stage.pause(ms), this.#server?.ended]);
  }

  /** @returns false where the fault killed the server before it was ready */
  async #tryBegin(fault: Fault | undefined): Promise<boolean> {
    try {
      await this.#begin(fault);
      return true;
    } catch (error) {
      const life = this.history.lives.at(-1);
      if (fault?.kill === undefined || life === undefined) throw error;
      life.ready = life.ended = performance.now();
      return false;
    }
  }

  async #begin(fault: Fault | undefined): Promise<LifeRecord> {
    const recorder = this.#recorder;
    const { aheadMs = 0 } = fault ?? {};
    recorder.aheadMs = aheadMs;
    recorder.behave("works");
    recorder.life = this.history.lives.length;
    const life: LifeRecord = { aheadMs, ready: Infinity, ended: Infinity, isStopped: false };
    this.history.lives.push(life);
    this.#server = await startFaulty(fault, {
      dataDir: this.#dataDir,
      env: { ...ENV, ...recorder.env },
      denoArgs: recorder.denoArgs,
    });
    life.ready = performance.now();
    if (this.stage.phase === "joining" || this.stage.phase === "live") {
      this.stage.opened(this.#server.url);
    }
    return life;
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const [server, life] = [this.#server, this.history.lives.at(-1)];
    if (server === null || life === undefined) throw new Error("There is no server");
    if (this.stage.phase === "live") this.stage.shut();
    life.ended = Math.min(life.ended, performance.now());
    life.isStopped = signal === "SIGTERM";
    const ended = await server.stop(signal);
    this.#server = null;
    await server[Symbol.asyncDispose]();
    const isRight = signal === "SIGKILL" ? ended.signal === signal : ended.code === 0;
    if (!isRight) throw new Error(`Server ended otherwise:\n${ended.stderr.slice(-4000)}`);
  }

  async #register(): Promise<void> {
    const left = [...this.history.receivers];
    const work = async () => {
      for (let one = left.pop(); one !== undefined; one = left.pop()) {
        await register(one, { stage: this.stage, token: await this.#token(one.user) });
      }
    };
    await Promise.all(Array.from({ length: REGISTERING_MAX }, work));
  }

  async #act(): Promise<void> {
    const { seed, senders, receivers: count } = this.#options;
    const { stage, history: { receivers } } = this;
    const acts: Promise<void>[] = [];
    for (let sender = 0; sender < senders; sender++) {
      const chance = Seeded.of(seed, `sender ${sender}`);
      const theirs = receivers.slice(sender * count, (sender + 1) * count);
      acts.push(keepSending(theirs, { stage, chance, token: await this.#token(`s${sender}`) }));
    }
    for (const receiver of receivers) {
      const chance = Seeded.of(seed, receiver.user);
      if (!chance.chance(VISITORS)) continue;
      acts.push(keepVisiting(receiver, { stage, chance, token: await this.#token(receiver.user) }));
    }
    await Promise.all(acts);
  }

  #token(user: string): Promise<string> {
    return makeToken(this.#dataDir, SECRET, { user });
  }
}
