import assert from "node:assert/strict";
import { describeServerMethods } from "./server_methods.ts";

Deno.test("describeServerMethods() names what the server calls, notifications without a result", () => {
  const described = describeServerMethods().map(({ name, result }) => [name, result !== undefined]);
  assert.deepEqual(described, [
    ["msg.recv", true],
    ["msg.receipt", false],
    ["queue.empty", false],
    ["ping", true],
  ]);
});
