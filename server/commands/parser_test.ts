import assert from "node:assert/strict";
import type { Command } from "commander";
import { systemClock, systemRandom } from "../clock.ts";
import { createParser } from "./parser.ts";

const unused = () => assert.fail("nothing is run here");

function parser(): Command {
  const program = {
    version: "1.2.3",
    clock: systemClock,
    random: systemRandom,
    config: unused,
    configuration: unused,
    openStore: unused,
    loadStoreFiles: unused,
    loadSpans: unused,
    loadListener: unused,
  };
  return createParser(program, { serve: unused, configure: unused, ended: unused });
}

/** All commands that can be called, by the words that call them. */
function leaves(command: Command, words: readonly string[] = []): Map<string, Command> {
  if (command.commands.length === 0) return new Map([[words.join(" "), command]]);
  const found = command.commands.map((child) => leaves(child, [...words, child.name()]));
  return new Map(found.flatMap((map) => [...map]));
}

/** The help as it is printed. */
function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({ writeOut: (part) => text += part }).outputHelp();
  return text;
}

Deno.test("createParser() knows all commands", () => {
  assert.deepEqual([...leaves(parser()).keys()], [
    "serve",
    "token",
    "revoke",
    "user add",
    "user update",
    "user show",
    "user list",
    "user export",
    "user logout",
    "user remove",
    "push keys",
    "chat",
    "doctor",
    "health",
    "trace",
    "backup",
    "restore",
    "check",
    "config check",
    "config show",
    "config example",
  ]);
});

Deno.test("createParser() gives every command a help with an example of itself", () => {
  for (const [words, command] of leaves(parser())) {
    const help = helpOf(command);
    assert.ok(help.startsWith(`Usage: titan ${words}`), help);
    assert.match(help.slice(help.indexOf("Example:")), new RegExp(`^Example:\\n.*titan ${words}`));
  }
});

Deno.test("createParser() has help that fits on a terminal", () => {
  const all = parser();
  for (const command of [all, ...leaves(all).values()]) {
    for (const line of helpOf(command).split("\n")) assert.ok(line.length <= 100, line);
  }
});

Deno.test("createParser() warns of a token that others can see", () => {
  const chat = leaves(parser()).get("chat");
  assert.ok(chat !== undefined);
  assert.match(helpOf(chat), /TITAN_TOKEN, where others cannot see it/);
  const revoke = leaves(parser()).get("revoke");
  assert.ok(revoke !== undefined);
  assert.match(helpOf(revoke), /can see a token on a command line: give -/);
});

Deno.test("createParser() lets nobody give a name or a picture and take it away", () => {
  for (const [given, taken] of [["--name", "--no-name"], ["--picture", "--no-picture"]] as const) {
    for (const args of [[given, "x", taken], [taken, given, "x"]]) {
      const parse = () => parser().parse(["user", "update", "ann", ...args], { from: "user" });
      assert.throws(parse, {
        message: `error: option '${given}' cannot be used with option '${taken}'`,
      });
    }
  }
});
