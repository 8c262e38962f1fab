import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { TerminalScreen } from "./terminal_screen.ts";

/** A screen on a terminal that the test sees and types on. */
function scratch(colour = false) {
  const input = new PassThrough();
  const output = new PassThrough();
  let seen = "";
  output.on("data", (chunk) => seen += chunk);
  const screen = new TerminalScreen({ input, output, colour });
  return { input, output, screen, seen: () => seen };
}

Deno.test("TerminalScreen.lines() gives what is typed, until Ctrl-D", async () => {
  const { input, screen } = scratch();
  const lines = Array.fromAsync(screen.lines());
  input.write("hällo\r");
  input.write("two\x7f\x7fhree\r");
  input.write("\x04");
  assert.deepEqual(await lines, ["hällo", "three"]);
});

Deno.test("TerminalScreen.lines() ends with Ctrl-C", async () => {
  const { input, screen } = scratch();
  const lines = Array.fromAsync(screen.lines());
  input.write("half a line\x03");
  assert.deepEqual(await lines, []);
});

Deno.test("TerminalScreen.message() leaves the line that is being typed whole", async () => {
  const { input, screen, seen } = scratch();
  screen.prompt("bob");
  const lines = Array.fromAsync(screen.lines());
  input.write("half ");
  await screen.message("[12:00:00] bob: hello");
  input.write("typed\r\x04");
  assert.deepEqual(await lines, ["half typed"]);
  const [, after = ""] = seen().split("\x1b[1G\x1b[0J[12:00:00] bob: hello\n");
  assert.ok(stripVTControlCharacters(after).startsWith("bob> half typed"), seen());
});

Deno.test("TerminalScreen.notice() looks different where colours are wanted", () => {
  const plain = scratch();
  plain.screen.notice("Signed in");
  plain.screen[Symbol.dispose]();
  assert.ok(!plain.seen().includes("\x1b[2m"));
  const coloured = scratch(true);
  coloured.screen.notice("Signed in");
  coloured.screen[Symbol.dispose]();
  assert.ok(coloured.seen().includes("\x1b[2mSigned in\x1b[22m\n"));
});

Deno.test("TerminalScreen.prompt() shows who gets what is typed", () => {
  const { screen, seen } = scratch();
  screen.prompt("");
  screen.prompt("bob");
  screen[Symbol.dispose]();
  assert.equal(stripVTControlCharacters(seen()).trim(), "> bob>");
});

Deno.test("TerminalScreen.message() still shows what comes after the end of the input", async () => {
  const { input, screen, seen } = scratch();
  const lines = Array.fromAsync(screen.lines());
  input.write("\x04");
  await lines;
  await screen.message("[12:00:00] bob: late");
  assert.ok(seen().endsWith("\n[12:00:00] bob: late\n"));
});
