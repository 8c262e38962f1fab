/**
 * What a connection costs that does nothing: `deno task bench:idle`.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createCommand,
  type ListenerName,
  listenerNames,
  runCommand,
  wholeNumber,
} from "./harness/command_line.ts";
import { type Contender, startTitan } from "./harness/contender.ts";
import { describeMachine, machineLine, WorkDir } from "./harness/machine.ts";
import { cpuMsOf, pause, rssKibOf } from "./harness/process_usage.ts";
import { round, thousands, toJsonLine } from "./harness/report.ts";

const US_PER_MS = 1000;

interface Options {
  readonly connections: number;
  readonly processes: number;
  readonly secs: number;
  readonly listener: readonly ListenerName[];
  readonly dir: string;
}

/** What one listener needed. */
interface IdleResult {
  readonly server: string;
  readonly connections: number;
  /** The growth of the server since it was ready, for each connection, after the idle time. */
  readonly kibEach: number;
  /** The growth while the second half came, for each of them: what one more connection takes. */
  readonly kibEachMore: number;
  readonly rssReadyMb: number;
  readonly rssHalfMb: number;
  readonly rssMb: number;
  /** CPU time that a connection takes in a second in which it does nothing. */
  readonly idleCpuUsPerConnS: number;
}

async function main(): Promise<void> {
  const options = createCommand("bench:idle", "Measures the memory of connections that are idle")
    .option("--connections <count>", "signed in, each a user", wholeNumber, 8000)
    .option("--processes <count>", "of clients", wholeNumber, 4)
    .option(
      "--secs <seconds>",
      "to stay at half and at full, longer than a heartbeat",
      wholeNumber,
      40,
    )
    .option("--listener <name>", "deno, ws or both", listenerNames, ["deno", "ws"])
    .parse(Deno.args, { from: "user" })
    .opts<Options>();
  const machine = await describeMachine();
  console.error(machineLine(machine));
  await using directory = await WorkDir.make(options.dir);
  const results: IdleResult[] = [];
  for (const listener of options.listener) {
    const dataDir = join(directory.path, listener);
    await using titan = await startTitan({ name: `titan ${listener}`, listener, dataDir });
    const result = await measure(titan, options);
    console.log(resultLine(result));
    results.push(result);
  }
  console.log(toJsonLine({ bench: "idle", machine, secs: options.secs, results }));
}

async function measure(titan: Contender, options: Options): Promise<IdleResult> {
  const { processes, secs } = options;
  const half = Math.ceil(options.connections / 2 / processes) * processes;
  const rssReady = rssKibOf(titan.pid);
  await using first = await comeIn(titan, { count: half, processes, prefix: "first" });
  await pause(secs * 1000);
  const rssHalf = rssKibOf(titan.pid);
  await using second = await comeIn(titan, { count: half, processes, prefix: "second" });
  const cpuBefore = cpuMsOf(titan.pid);
  await pause(secs * 1000);
  const cpuUs = (cpuMsOf(titan.pid) - cpuBefore) * US_PER_MS;
  const rss = rssKibOf(titan.pid);
  const connections = half * 2;
  const left = await first.end() + await second.end();
  if (left !== connections) throw new Error(`Only ${left} of ${connections} connections stayed`);
  return {
    server: titan.name,
    connections,
    kibEach: round((rss - rssReady) / connections, 1),
    kibEachMore: round((rss - rssHalf) / half, 1),
    rssReadyMb: round(rssReady / 1024),
    rssHalfMb: round(rssHalf / 1024),
    rssMb: round(rss / 1024),
    idleCpuUsPerConnS: round(cpuUs / connections / secs, 1),
  };
}

async function comeIn(titan: Contender, clients: Clients): Promise<ClientProcesses> {
  const start = performance.now();
  const processes = await ClientProcesses.start(titan, clients);
  const rate = clients.count / (performance.now() - start) * 1000;
  console.error(`${titan.name}: ${thousands(clients.count)} came in, ${thousands(rate)} a second`);
  return processes;
}

/** Clients to start. */
interface Clients {
  readonly count: number;
  readonly processes: number;
  /** Of the names of their users. */
  readonly prefix: string;
}

/** Several processes share the clients, so that none is short of files or of time. */
class ClientProcesses implements AsyncDisposable {
  readonly #children: readonly ClientProcess[];

  private constructor(children: readonly ClientProcess[]) {
    this.#children = children;
  }

  /** Starts all and waits until all their clients are in. */
  static async start(server: Contender, clients: Clients): Promise<ClientProcesses> {
    const { count, processes: length, prefix } = clients;
    const children = Array.from({ length }, (_, index) => {
      return new ClientProcess(server, count / length, `${prefix}${index}.`);
    });
    const processes = new ClientProcesses(children);
    try {
      for (const child of children) await child.line();
      return processes;
    } catch (error) {
      await processes[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends all. @returns how many clients were still connected */
  async end(): Promise<number> {
    const left = await Promise.all(this.#children.map((child) => child.end()));
    return left.reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child.kill();
  }
}

class ClientProcess {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #isOver = false;

  constructor({ address, secret }: Contender, count: number, prefix: string) {
    const program = fileURLToPath(new URL("load/idle_clients.ts", import.meta.url));
    const options = [`--secret=${secret}`, `--count=${count}`, `--prefix=${prefix}`];
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "-A", program, address, ...options],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    this.#child.status.then(() => this.#isOver = true);
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("A process of clients ended before its time");
    return value;
  }

  /** Ends it. @returns how many of its clients were still connected */
  async end(): Promise<number> {
    await this.#child.stdin.close();
    const left = Number(await this.line());
    await this.#child.status;
    return left;
  }

  async kill(): Promise<void> {
    if (!this.#isOver) this.#child.kill("SIGKILL");
    await this.#child.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function resultLine({ server, connections, ...result }: IdleResult): string {
  return `${server}: ${thousands(connections)} idle connections take ${result.kibEach} KiB each ` +
    `(one more: ${result.kibEachMore}), ` +
    `${result.rssReadyMb} -> ${result.rssHalfMb} -> ${result.rssMb} MiB; ` +
    `${result.idleCpuUsPerConnS} us CPU each a second`;
}

if (import.meta.main) await runCommand(main);
