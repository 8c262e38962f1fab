/**
 * Titan's command line as a process, with the permissions that `deno task` gives it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };
import { VARIABLES } from "../../server/config.ts";
import { CONFIG_VARIABLE, fileVariableOf, TOKEN_VARIABLE } from "../../server/setting_names.ts";
import { assertNothingTold, secretsAmong } from "./secrecy.ts";
import { Changes, within } from "./wait_for.ts";

/** How to start a process. */
export interface TitanOptions {
  /** `TITAN_DATA_DIR`, and what the process may read and write. */
  readonly dataDir: string;
  /** The command and its arguments, as in `["token", "alice"]`. */
  readonly args: readonly string[];
  /** Variables of Titan; those that are left out count as not set. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options for `deno run` beside those of `deno task start`, such as `--v8-flags=...`. */
  readonly denoArgs?: readonly string[];
  /** Another program than `main.ts`, as a path from the root of the repository. */
  readonly main?: string;
  /** Makes the command another way than with `deno run`: its streams must be pipes. */
  readonly launch?: (options: TitanOptions) => Deno.Command;
}

/** What a process left behind. */
export interface Ended {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Characters of each stream that are kept: the newest. */
const OUTPUT_CHARS_MAX = 8 * 1024 * 1024;

/** How long a process that is asked to end may take, in milliseconds. */
const END_MS_MAX = 20_000;

/** A running process of Titan's. Disposing of it ends it. */
export class TitanProcess implements AsyncDisposable {
  readonly dataDir: string;
  /**
   * Resolves when the process is over and all that it wrote was read; rejects where a server has
   * logged what it must not.
   */
  readonly ended: Promise<Ended>;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #changes = new Changes();
  #stdout = "";
  #stderr = "";
  #isOver = false;
  /** Whether what it writes is a log, and not what somebody asked for. */
  readonly #logs: boolean;
  readonly #secrets: readonly string[];

  /** Starts a process. */
  constructor(options: TitanOptions) {
    this.dataDir = options.dataDir;
    this.#logs = options.args[0] === "serve";
    this.#secrets = secretsAmong(options.env ?? {});
    this.#child = (options.launch ?? command)(options).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    // A process that ended takes no input; whoever writes then hears of it.
    this.#stdin.closed.catch(() => {});
    this.ended = this.#end();
  }

  /** The id of the process, for `kill` and for reading its memory and its time. */
  get pid(): number {
    return this.#child.pid;
  }

  /** What it wrote to standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  /** What it wrote to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Everything it wrote so far: standard output, then standard error. */
  output(): string {
    return this.#stdout + this.#stderr;
  }

  /** Writes to its standard input. */
  async write(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  /** Ends its standard input. */
  async endInput(): Promise<void> {
    await this.#stdin.close().catch(() => {});
  }

  /** Waits until what it wrote satisfies a condition, and answers what the condition answers. */
  async until<T>(
    condition: (stdout: string, stderr: string) => T | undefined,
    what: string,
    ms = 20_000,
  ): Promise<T> {
    const look = () => condition(this.#stdout, this.#stderr);
    return await this.#changes.until(look, what, { ms, state: () => this.#state() });
  }

  /** Sends a signal and waits for nothing. A process that is over is left alone. */
  kill(signal: Deno.Signal): void {
    if (!this.#isOver) this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; an answer is due in 20 s. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<Ended> {
    this.kill(signal);
    try {
      return await within(this.ended, END_MS_MAX, `the end after ${signal}`, () => this.#state());
    } catch (error) {
      this.kill("SIGKILL");
      await this.ended;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }

  async #end(): Promise<Ended> {
    const [status] = await Promise.all([
      this.#child.status,
      this.#read(this.#child.stdout, (text) => this.#stdout = newest(this.#stdout + text)),
      this.#read(this.#child.stderr, (text) => this.#stderr = newest(this.#stderr + text)),
    ]);
    this.#isOver = true;
    await this.endInput();
    const { code, signal } = status;
    this.#changes.end(new Error(`the process is over (code ${code}, signal ${signal})`));
    if (this.#logs) assertNothingTold(this.output(), this.#secrets);
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr };
  }

  async #read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      take(decoder.decode(chunk, { stream: true }));
      this.#changes.note();
    }
  }

  #state(): string {
    return `-- stdout:\n${this.#stdout}\n-- stderr:\n${this.#stderr}`;
  }
}

/** Runs a command to its end. */
export async function runTitan(
  options: TitanOptions & { readonly stdin?: string },
): Promise<Ended> {
  await using process = new TitanProcess(options);
  // A command that needs no input may be over before it is written.
  if (options.stdin !== undefined) await process.write(options.stdin).catch(() => {});
  await process.endInput();
  return await within(
    process.ended,
    60_000,
    `the end of titan ${options.args.join(" ")}`,
    () => process.output(),
  );
}

/** What `deno task titan` runs, for one data directory. */
function command({ dataDir, args, env = {}, denoArgs = [], main = "main.ts" }: TitanOptions) {
  const names = VARIABLES.flatMap(({ name, secret }) =>
    secret ? [name, fileVariableOf(name)] : [name]
  );
  const others = [CONFIG_VARIABLE, TOKEN_VARIABLE, fileVariableOf(TOKEN_VARIABLE)];
  const unset = Object.fromEntries([...names, ...others].map((name) => [name, ""]));
  return new Deno.Command(Deno.execPath(), {
    args: [...permissions(dataDir), ...denoArgs, main, ...args],
    cwd: fileURLToPath(new URL("../../", import.meta.url)),
    // The rest is inherited: Deno finds its cache by it, and Titan may not read it.
    env: { ...unset, NO_COLOR: "1", TITAN_DATA_DIR: dataDir, ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** `run` and its options as `deno task start` has them. */
function permissions(dataDir: string): string[] {
  const [, options] = /deno (run --v8.*) main\.ts serve$/.exec(config.tasks.start.command) ?? [];
  if (options === undefined) throw new Error("Task start does not run main.ts as it used to");
  return options.split(" ").map((option) =>
    option.replace(/"\$(?:READ|WRITE)([^"]*)"/, (_all, rest) => dataDir + rest)
  );
}

function newest(text: string): string {
  return text.length > OUTPUT_CHARS_MAX ? text.slice(-OUTPUT_CHARS_MAX / 2) : text;
}
