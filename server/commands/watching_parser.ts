/**
 * The part of the command line that looks at how a server does: `titan doctor`, `health`, `trace`.
 *
 * @module
 */
import type { Command } from "commander";
import { example } from "./example.ts";
import type { Program } from "./program.ts";

/** What a command ended with. */
interface Ending {
  ended(exitCode: number): void;
}

/** Adds the commands. */
export function addWatching(titan: Command, program: Program, commands: Ending): void {
  addDoctor(titan, program, commands);
  addHealth(titan, program, commands);
  addTrace(titan, program);
}

function addDoctor(titan: Command, program: Program, commands: Ending): void {
  titan.command("doctor")
    .description("say whether everything is well, and try whether a push arrives")
    .option("--device <user device...>", "send this device a push, and wait until it answers")
    .option("--wait <time>", "how long the device may take: 60s, 10m (default: 60s)")
    .option("--json", "print JSON; with --device one line a step")
    .addHelpText(
      "after",
      "\nIt looks at the configuration, the data directory, the server that runs, TLS, the clock,\n" +
        "issuers and push services, and changes nothing. Run it with the server's variables.\n" +
        "--device asks the running server to send one real push. Exit code 1: something is wrong.\n" +
        example("titan doctor", "titan doctor --device alice phone"),
    )
    .action(async (options) => {
      const { doctor } = await import("./doctor/mod.ts");
      commands.ended(await doctor(program, options));
    });
}

function addHealth(titan: Command, program: Program, commands: Ending): void {
  titan.command("health")
    .description("ask the running server whether it is ready")
    .option("--url <url>", "the server; without it, the one that PORT and TITAN_HOST name")
    .option("--live", "ask only whether it answers")
    .addHelpText(
      "after",
      "\nFor containers and scripts that have no HTTP client: it asks /readyz, or /healthz, prints\n" +
        "the answer and ends with 0, or with 1 where the server is not ready or does not answer.\n" +
        example("titan health", "titan health --live --url https://chat.example.org"),
    )
    .action(async (options) => {
      const { health } = await import("./health_command.ts");
      commands.ended(await health(program, options));
    });
}

function addTrace(titan: Command, program: Program): void {
  titan.command("trace")
    .description("tell what became of a message, step by step")
    .argument("<id>", "id of the message, as msg.send, msg.recv and the log tell it")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nThe running server is asked. It knows messages of the last 24 hours that it took in since it\n" +
        "started: under load a sample of them, and nothing of their text. Exit code 1: it does not\n" +
        "know this one, or none runs.\n" +
        example("titan trace 01M827QTM2XY7X476Z8D23V4MS"),
    )
    .action(async (id, options) => {
      const { printTrace } = await import("./trace_command.ts");
      await printTrace(program, id, options);
    });
}
