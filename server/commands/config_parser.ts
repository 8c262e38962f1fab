/**
 * The command line of the configuration.
 *
 * @module
 */
import type { Command } from "commander";
import { example } from "./example.ts";
import type { Program } from "./program.ts";

/** Adds `config`. */
export function addConfig(titan: Command, program: Program): void {
  const load = () => import("./config_command.ts");
  const config = titan.command("config")
    .description("check and show the configuration, and print an example of a file")
    .addHelpText(
      "after",
      "\nSettings are variables, and keys of the file that --config or TITAN_CONFIG names. A\n" +
        "variable wins over the file.\n" + example("titan config check --config titan.toml"),
    );
  config.command("check")
    .description("say every mistake in variables and file at once, and what may be meant otherwise")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nFiles of secrets and push credentials are read, too; nobody is asked. Exit code 2: there\n" +
        "are mistakes.\n" + example("titan config check --config titan.toml"),
    )
    .action(async (options) => await (await load()).checkConfiguration(program, options));
  config.command("show")
    .description("show every setting and where it is from; of secrets only that they are set")
    .option("--json", "print JSON")
    .addHelpText("after", example("titan config show"))
    .action(async (options) => (await load()).showConfiguration(program, options));
  config.command("example")
    .description("print a file with every key, its default and what it means")
    .addHelpText("after", example("titan config example > titan.toml"))
    .action(async () => (await load()).printExample());
}
