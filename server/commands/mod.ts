/**
 * The command line of Titan.
 *
 * @module
 */
import { Configured } from "./configured.ts";
import { EXIT, failureOf, tell } from "./exit.ts";
import { Faults } from "./faults.ts";
import type { Adapters, Program } from "./program.ts";

export type { Adapters, Program, StoreOpening } from "./program.ts";

/**
 * Runs one command.
 *
 * @param args of the command line
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration, 70 a fault in Titan
 */
export async function runTitan(args: readonly string[], adapters: Adapters): Promise<number> {
  using faults = new Faults((error) => tell(failureOf(error).lines), (code) => Deno.exit(code));
  try {
    const configured = new Configured(adapters.env ?? ((name) => Deno.env.get(name)));
    const program: Program = {
      ...adapters,
      config: () => configured.config(),
      configuration: () => configured.configuration(),
    };
    const serve = async () => (await import("./serve_command.ts")).serve(program, faults);
    const plain = plainServe(args);
    if (plain === undefined) return await parse(args, program, { serve, configured });
    await configured.open(plain.path);
    return await serve();
  } catch (error) {
    const { lines, exitCode } = failureOf(error);
    tell(lines);
    return exitCode;
  }
}

/** Reads the command that lives long: it does without the parser's memory. */
function plainServe(args: readonly string[]): { path: string | undefined } | undefined {
  const [command, ...options] = args;
  if (command !== "serve") return undefined;
  if (options.length === 0) return { path: undefined };
  const [option = "", next] = options;
  if (options.length === 2 && option === "--config") return { path: next };
  const [, path] = /^--config=(.+)$/.exec(option) ?? [];
  return options.length === 1 && path !== undefined ? { path } : undefined;
}

async function parse(
  args: readonly string[],
  program: Program,
  { serve, configured }: { serve: () => Promise<number>; configured: Configured },
): Promise<number> {
  const { CommanderError } = await import("commander");
  const { createParser } = await import("./parser.ts");
  let ended: number = EXIT.ok;
  const parser = createParser(program, {
    serve,
    configure: (path) => configured.open(path),
    ended: (exitCode) => ended = exitCode,
  });
  try {
    await parser.parseAsync([...args], { from: "user" });
    return ended;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    // Help that was printed because a command is missing says all there is to say.
    if (error.code !== "commander.help") {
      tell([error.message.replace(/^error: /, "").replace("\n", " ")]);
    }
    return EXIT.usage;
  }
}
