import assert from "node:assert/strict";
import { createMethods } from "./mod.ts";

Deno.test("createMethods() knows every method by its own name", () => {
  const methods = createMethods();
  for (const [name, method] of methods) assert.equal(method.name, name);
  assert.deepEqual([...methods.keys()], ["auth.jwt", "echo", "msg.send", "ping", "rpc.discover"]);
});

Deno.test("createMethods() makes a table that shares nothing with another", () => {
  assert.notEqual(createMethods().get("msg.send"), createMethods().get("msg.send"));
});
