/**
 * The token of whoever runs a command, from the environment.
 *
 * @module
 */
import { fileVariableOf, TOKEN_VARIABLE } from "../setting_names.ts";
import { readValueFile } from "../text_file.ts";
import { CommandError, EXIT } from "./exit.ts";

/** The token, or an empty text where there is none. @throws {CommandError} it cannot be had. */
export function environmentToken(): string {
  const fileVariable = fileVariableOf(TOKEN_VARIABLE);
  const [text = "", path = ""] = [TOKEN_VARIABLE, fileVariable]
    .map((name) => Deno.env.get(name) ?? "");
  if (path === "") return text;
  const file = text === "" ? readValueFile(path) : { fault: `${TOKEN_VARIABLE} is set, too` };
  if ("text" in file) return file.text.trim();
  const message = `Cannot take the token that ${fileVariable} names: ${file.fault}`;
  throw new CommandError(message, EXIT.usage);
}
