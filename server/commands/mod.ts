/**
 * The command line of Titan.
 *
 * @module
 */
import { EXIT, failureOf, tell } from "./exit.ts";
import { Faults } from "./faults.ts";
import type { Program } from "./program.ts";

export type { Program, StoreOpening } from "./program.ts";

/**
 * Runs one command.
 *
 * @param args of the command line
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage or configuration, 70 a fault in Titan
 */
export async function runTitan(args: readonly string[], program: Program): Promise<number> {
  using faults = new Faults((error) => tell(failureOf(error).lines), (code) => Deno.exit(code));
  try {
    const serve = async () => (await import("./serve_command.ts")).serve(program, faults);
    // A server lives long: it does without the parser's memory.
    if (args.length === 1 && args[0] === "serve") return await serve();
    return await parse(args, program, serve);
  } catch (error) {
    const { lines, exitCode } = failureOf(error);
    tell(lines);
    return exitCode;
  }
}

async function parse(
  args: readonly string[],
  program: Program,
  serve: () => Promise<number>,
): Promise<number> {
  const { CommanderError } = await import("commander");
  const { createParser } = await import("./parser.ts");
  let ended: number = EXIT.ok;
  const parser = createParser(program, { serve, ended: (exitCode) => ended = exitCode });
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
