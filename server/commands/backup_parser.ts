/**
 * The command line of backups.
 *
 * @module
 */
import type { Command } from "commander";
import { example } from "./example.ts";
import type { Program } from "./program.ts";

/** Adds `backup`, `restore` and `check`. */
export function addBackup(
  titan: Command,
  program: Program,
  commands: { ended(exitCode: number): void },
): void {
  const load = () => import("./backup/mod.ts");
  titan.command("backup")
    .description("copy everything that is kept, as of one moment; the server goes on meanwhile")
    .argument("<file>", "file to make, for its owner alone; - writes to standard output")
    .option("--with-secret", "put the secret that signs tokens in, too")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nIt holds what people write. Without --with-secret nobody can sign in with what is in it:\n" +
        "keep jwt.secret of the data directory in another place. With it, whoever has the file can\n" +
        "sign in as anybody.\n" +
        example(
          "titan backup /backup/titan-$(date +%F).gz",
          "titan backup - | age -r age1... > titan.gz.age",
        ),
    )
    .action(async (file, options) => (await load()).backup(program, file, options));
  titan.command("restore")
    .description("make a data directory of a backup; no server may use it")
    .argument("<file>", "a backup; - reads it from standard input")
    .option("--force", "replace the database, and the secret, that are there already")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nNothing is changed before the whole file was read and found to be right.\n" +
        example("TITAN_DATA_DIR=/var/lib/titan titan restore /backup/titan-2026-11-23.gz"),
    )
    .action(async (file, options) => (await load()).restore(program, file, options));
  titan.command("check")
    .description("look for damage in the data directory; the server may go on meanwhile")
    .option("--mend", "mend what can be; no server may run")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nIt compares all rows with each other and changes nothing. Exit code 1: something is wrong.\n" +
        "What it calls mendable are entries of indexes that --mend adds or removes; anything else\n" +
        "is damage that a backup helps against.\n" +
        example("titan check", "titan check --mend"),
    )
    .action(async (options) => commands.ended(await (await load()).check(program, options)));
}
