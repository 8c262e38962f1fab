/**
 * An example of a file of settings, made from the table of variables.
 *
 * @module
 */
import { CONFIG_TABLE, type ConfigRow } from "./config_table.ts";
import { fileKeyOf, keyOf } from "./setting_names.ts";

const LINE_CHARS_MAX = 100;

const HEAD = [
  "Settings of Titan, in TOML. Give the file to each command: --config FILE, or TITAN_CONFIG=FILE.",
  "A key is the name of a variable in small letters, without TITAN_; a variable that is set wins.",
  "Each key stands here with its default, and # before it: take that away to change it. An empty " +
  "text is as no text at all. What can be a list in one text, with commas, can also be a list of " +
  'texts: ["10.0.0.0/8", "::1"].',
];

/** A file that sets nothing, with every key in a comment. */
export function configExample(): string {
  const rows = Object.values<ConfigRow<unknown>>(CONFIG_TABLE);
  return [HEAD.map(comment).join("\n"), ...rows.map(blockOf)].join("\n\n");
}

function blockOf(row: ConfigRow<unknown>): string {
  const { name, meaning, value: { allowed }, default: text, unset, hidden } = row;
  const inWords = unset === undefined ? "" : ` Default: ${text}.`;
  const lines = [comment(`${name}: ${meaning}.`), comment(`It is ${allowed}.${inWords}`)];
  lines.push(`#${keyOf(name)} = ${unset === undefined ? literalOf(row) : '""'}`);
  if (hidden) lines.push(comment("Or the path of a file with it:"), `#${fileKeyOf(name)} = ""`);
  return lines.join("\n");
}

/** A default as TOML has it. Strings of JSON are strings of TOML. */
function literalOf({ default: text, value: { form } }: ConfigRow<unknown>): string {
  return form === "number" && /^\d+$/.test(text) ? text : JSON.stringify(text);
}

/** A text in lines that are not too long. */
function comment(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + word.length >= LINE_CHARS_MAX && line !== "#") {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
