import assert from "node:assert/strict";
import { PipeScreen } from "./pipe_screen.ts";

/** A screen whose output takes a few bytes at a time. */
function scratch(input = "") {
  const notices: string[] = [];
  let written = "";
  const screen = new PipeScreen({
    input: new Blob([input]).stream(),
    output: {
      write(bytes) {
        const taken = bytes.subarray(0, 3);
        written += String.fromCharCode(...taken);
        return Promise.resolve(taken.length);
      },
    },
    notices: (line) => notices.push(line),
  });
  return { screen, notices, written: () => written };
}

Deno.test("PipeScreen.message() writes all of a line", async () => {
  const { screen, written } = scratch();
  await screen.message("hello there");
  await screen.message("bye");
  assert.equal(written(), "hello there\nbye\n");
});

Deno.test("PipeScreen.message() fails where nobody reads", async () => {
  const output = { write: () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe")) };
  const screen = new PipeScreen({ input: new Blob().stream(), output, notices() {} });
  await assert.rejects(screen.message("hello"), Deno.errors.BrokenPipe);
});

Deno.test("PipeScreen keeps what Titan says apart from messages", () => {
  const { screen, notices, written } = scratch();
  screen.notice("Signed in");
  screen.prompt();
  assert.deepEqual([notices, written()], [["Signed in"], ""]);
});

Deno.test("PipeScreen.lines() reads the input", async () => {
  const { screen } = scratch("one\ntwo");
  assert.deepEqual(await Array.fromAsync(screen.lines()), ["one", "two"]);
});
