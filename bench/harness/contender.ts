/**
 * Servers that run the same work.
 *
 * @module
 */
import { join } from "node:path";
import { type ServerProcess, startServer } from "../../tests/harness/server_process.ts";
import type { ListenerName } from "./command_line.ts";

/** A running server. Disposing of it ends it. */
export interface Contender extends AsyncDisposable {
  /** As it stands in the results. */
  readonly name: string;
  readonly protocol: "titan" | "mqtt";
  /** `host:port` */
  readonly address: string;
  readonly pid: number;
  /** What signs tokens; empty where there are none. */
  readonly secret: string;
}

/** How to start Titan. */
export interface TitanStart {
  readonly name: string;
  readonly listener: ListenerName;
  /** Where the server keeps everything; made where it is missing. */
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options for `deno run` beside those of `deno task start`. */
  readonly denoArgs?: readonly string[];
}

/** Titan, and what its harness can do with it. */
export type TitanContender = Contender & ServerProcess;

/** Signs the tokens of every benchmark: what is measured holds no secrets. */
export const SECRET = "a secret that benchmarks share and that has more than 32 bytes";

/** How long a start may take: with a full store on a busy machine. */
const START_MS_MAX = 120_000;

/** Starts Titan as in production, but without a limit on what one user may send. */
export async function startTitan(start: TitanStart): Promise<TitanContender> {
  const { name, listener, dataDir, env, denoArgs = [] } = start;
  const server = await startServer({
    dataDir,
    denoArgs,
    startMs: START_MS_MAX,
    env: {
      TITAN_JWT_SECRET: SECRET,
      TITAN_LISTENER: listener,
      TITAN_SEND_RATE: "0",
      TITAN_HOST: "127.0.0.1",
      ...env,
    },
  });
  const { host: address } = new URL(server.url);
  return { ...server, name, protocol: "titan", address, secret: SECRET };
}

/** Starts Titan with each listener, on a directory of its own; the stack ends them. */
export async function startTitans(
  listeners: readonly ListenerName[],
  parent: string,
  stack: AsyncDisposableStack,
): Promise<readonly TitanContender[]> {
  const titans: TitanContender[] = [];
  for (const listener of listeners) {
    const name = `titan ${listener}`;
    const dataDir = join(parent, listener);
    titans.push(stack.use(await startTitan({ name, listener, dataDir })));
  }
  return titans;
}
