import assert from "node:assert/strict";
import { readChatLine } from "./chat_line.ts";

Deno.test("readChatLine() takes a line for a text", () => {
  assert.deepEqual(readChatLine("hello  there "), { kind: "text", text: "hello  there " });
});

Deno.test("readChatLine() takes a second slash away", () => {
  assert.deepEqual(readChatLine("//quit"), { kind: "text", text: "/quit" });
});

Deno.test("readChatLine() knows its commands", () => {
  assert.deepEqual(readChatLine("/to  bob "), { kind: "to", user: "bob" });
  assert.deepEqual(readChatLine("/help"), { kind: "help" });
  assert.deepEqual(readChatLine("/quit "), { kind: "quit" });
});

Deno.test("readChatLine() does not guess", () => {
  assert.deepEqual(readChatLine("/quti"), { kind: "unknown", command: "/quti" });
  assert.deepEqual(readChatLine("/to"), { kind: "unknown", command: "/to" });
  assert.deepEqual(readChatLine("/to bob carl"), { kind: "unknown", command: "/to" });
  assert.deepEqual(readChatLine("/quit now"), { kind: "unknown", command: "/quit" });
  assert.deepEqual(readChatLine("/"), { kind: "unknown", command: "/" });
});

Deno.test("readChatLine() passes over blank lines", () => {
  assert.deepEqual(readChatLine(""), { kind: "nothing" });
  assert.deepEqual(readChatLine(" \t"), { kind: "nothing" });
});
