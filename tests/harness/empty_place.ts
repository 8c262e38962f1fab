/**
 * A place that has nothing: an empty folder, an empty home, no network. What runs there brings all
 * that it needs.
 *
 * @module
 */
import { join } from "node:path";
import type { TitanOptions } from "./titan_process.ts";

/** Where the programs of a bare system are. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Brings up the loopback of a network that has nothing else, and starts a program in it. */
const ENTER = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];

/** What leads nowhere, for systems where no network can be taken away. */
const NOWHERE = ["https_proxy", "npm_config_registry"]
  .map((name) => `${name}=http://127.0.0.1:9`);

/** An empty place. Disposing of it removes it. */
export class EmptyPlace implements AsyncDisposable {
  /** The folder that programs run in. */
  readonly dir: string;
  /** Where the home of its user is, and so all caches. */
  readonly home: string;
  /** Whether programs can be had without a network; that takes Linux and root. */
  readonly canSeal: boolean;
  readonly #root: string;

  private constructor(root: string, canSeal: boolean) {
    this.#root = root;
    this.canSeal = canSeal;
    this.dir = join(root, "folder");
    this.home = join(root, "home");
  }

  /** Makes one. */
  static async make(): Promise<EmptyPlace> {
    const root = await Deno.makeTempDir({ prefix: "titan-empty-" });
    const { success } = await runBare([...ENTER, "true"]).catch(() => ({ success: false }));
    const place = new EmptyPlace(root, success);
    await Deno.mkdir(place.dir);
    await Deno.mkdir(place.home);
    return place;
  }

  /** Has an executable run here, with the network of the machine. */
  open(executable: string): NonNullable<TitanOptions["launch"]> {
    return (options) => this.#command([executable], options);
  }

  /**
   * Has an executable run here without a network.
   *
   * @param peer the id of a process that runs so already: both share a loopback
   */
  sealed(executable: string, peer?: number): NonNullable<TitanOptions["launch"]> {
    if (!this.canSeal) return (options) => this.#command([executable], options, NOWHERE);
    const enter = peer === undefined ? ENTER : ["nsenter", "--target", `${peer}`, "--net"];
    return (options) => this.#command([...enter, executable], options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }

  #command(
    program: readonly string[],
    { args, env = {} }: TitanOptions,
    more: readonly string[] = [],
  ): Deno.Command {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return new Deno.Command("env", {
      args: ["-i", `PATH=${PATH}`, `HOME=${this.home}`, ...more, ...variables, ...program, ...args],
      cwd: this.dir,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
  }
}

/** Runs a program of the system to its end. */
export async function runBare(
  command: readonly string[],
  cwd?: string,
): Promise<{ readonly success: boolean; readonly stdout: string; readonly stderr: string }> {
  const args = ["-i", `PATH=${PATH}`, ...command];
  const options = { args, ...(cwd === undefined ? {} : { cwd }) };
  const { success, stdout, stderr } = await new Deno.Command("env", options).output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
