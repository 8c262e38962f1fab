/**
 * What a self-extracting executable lets Titan touch: the paths that the configuration and the
 * command name.
 *
 * @module
 */
import { dirname } from "node:path";
import { type Grants, grantsOf } from "../server/grants/mod.ts";

/** The option of every command that names a file of settings, and the variable that does. */
const CONFIG = { option: "--config", variable: "TITAN_CONFIG" };

/** Finds the paths. @param args the command and its arguments, as in `["backup", "a.gz"]` */
export async function callGrants(
  args: readonly string[],
  env: (name: string) => string | undefined,
): Promise<Grants> {
  const { values: [config], rest } = takeOption(args, CONFIG.option);
  const settings = (name: string) => name === CONFIG.variable && config ? config : env(name);
  const { read, write } = await grantsOf(settings);
  const [command, ...words] = rest;
  const source = command === "restore" ? operands(words) : [];
  // A file may have another name until it is whole; its name is on the disk when its directory is.
  const made = madeBy(command, words);
  const parts = made.flatMap((path) => [path, `${path}.part`]);
  return {
    read: [...read, ...source, ...parts, ...made.map((path) => dirname(path))],
    write: [...write, ...parts],
  };
}

/** The files that a command makes. */
function madeBy(command: string | undefined, words: readonly string[]): readonly string[] {
  if (command === "backup") return operands(words);
  return command === "user" ? takeOption(words, "--output").values : [];
}

/** Takes an option out of words, and finds its values: `--option a` or `--option=a`. */
function takeOption(words: readonly string[], option: string) {
  const values: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === option) values.push(words[++at] ?? "");
    else if (word.startsWith(`${option}=`)) values.push(word.slice(option.length + 1));
    else rest.push(word);
  }
  return { values: values.filter((value) => value !== ""), rest };
}

/** Words that are no options; `-` stands for a stream. */
function operands(words: readonly string[]): readonly string[] {
  return words.filter((word) => word !== "" && !word.startsWith("-"));
}
