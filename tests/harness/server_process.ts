/**
 * The real server as a process, for tests that need one to be killed, restarted or measured.
 *
 * @module
 */
import { systemClock, systemRandom } from "../../server/clock.ts";
import { createTokens, readOrMakeSecrets } from "../../server/auth/mod.ts";
import { type Ended, type TitanOptions, TitanProcess } from "./titan_process.ts";

/** How to start a server; everything has a default. */
export interface ServerOptions extends Partial<Omit<TitanOptions, "args">> {
  /**
   * Where the server keeps everything. Stays when the server is disposed of, so that another can
   * go on there. @default {a new directory, which goes with the server}
   */
  readonly dataDir?: string;
  /** Arguments of `serve`. */
  readonly args?: readonly string[];
  /** How long the start may take, in milliseconds. @default {30000} */
  readonly startMs?: number;
}

/** A server that is ready. Disposing of it kills it. */
export interface ServerProcess extends AsyncDisposable {
  /** Such as `http://127.0.0.1:43210`. */
  readonly url: string;
  /** The same for `new WebSocket()`. */
  readonly wsUrl: string;
  readonly pid: number;
  readonly dataDir: string;
  /** Resolves when the process is over, however that came. */
  readonly ended: Promise<Ended>;
  /** Everything it wrote so far. */
  output(): string;
  /** Waits until it has logged an event of a name, and answers its fields. */
  logged(name: string): Promise<Readonly<Record<string, unknown>>>;
  /** A token for a user, signed with the server's own secret. */
  token(user: string, options?: { device?: string; ttlSeconds?: number }): Promise<string>;
  /** Sends a signal and waits for nothing. */
  kill(signal: Deno.Signal): void;
  /** Sends a signal and waits for the end. @param signal @default {"SIGTERM"} */
  stop(signal?: Deno.Signal): Promise<Ended>;
}

/** The log has JSON lines for the harness to read, whatever the terminal is. */
const DEFAULTS = { PORT: "0", TITAN_LOG: "json" };

/** Starts a server on a free port of 127.0.0.1 and waits until it is ready. */
export async function startServer(options: ServerOptions = {}): Promise<ServerProcess> {
  const { args = [], env = {}, startMs = 30_000 } = options;
  const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "titan-" });
  const secret = env["TITAN_JWT_SECRET"];
  const titan = new TitanProcess({
    ...options,
    dataDir,
    args: ["serve", ...args],
    env: { ...DEFAULTS, ...env },
  });
  const dispose = async () => {
    await titan[Symbol.asyncDispose]();
    if (options.dataDir === undefined) await Deno.remove(dataDir, { recursive: true });
  };
  const logged = (name: string, ms?: number) =>
    titan.until((out, err) => findEvent(out + err, name), `the event "${name}"`, ms);
  try {
    const url = String((await logged("ready", startMs))["url"]);
    return {
      url,
      wsUrl: url.replace(/^http/, "ws"),
      pid: titan.pid,
      dataDir,
      ended: titan.ended,
      output: () => titan.output(),
      logged: (name) => logged(name),
      token: (user, tokenOptions) => makeToken(dataDir, secret, { user, ...tokenOptions }),
      kill: (signal) => titan.kill(signal),
      stop: (signal) => titan.stop(signal),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Signs a token with the secret of a data directory, or with a given one. */
export async function makeToken(
  dataDir: string,
  secret: string | undefined,
  request: { user: string; device?: string; ttlSeconds?: number },
): Promise<string> {
  const tokens = await createTokens({
    secrets: secret === undefined
      ? await readOrMakeSecrets(dataDir, systemRandom)
      : [new TextEncoder().encode(secret)],
    maxAgeSeconds: 3600,
    now: systemClock.now,
    random: systemRandom,
  });
  return await tokens.sign({ ttlSeconds: 3600, ...request });
}

/** The last event of a name among lines of JSON; a line that is still being written is none. */
function findEvent(log: string, name: string): Record<string, unknown> | undefined {
  for (const line of log.split("\n").reverse()) {
    if (!line.startsWith("{") || !line.endsWith("}")) continue;
    const event = JSON.parse(line);
    if (event.message === name) return event;
  }
  return undefined;
}
