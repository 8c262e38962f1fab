import assert from "node:assert/strict";
import { isLoopback } from "./is_loopback.ts";

Deno.test("isLoopback() knows the hosts that no other machine reaches", () => {
  assert.deepEqual(["localhost", "127.0.0.1", "127.1.2.3", "::1"].map(isLoopback), [
    true,
    true,
    true,
    true,
  ]);
  assert.deepEqual(["0.0.0.0", "::", "10.0.0.1", "127.example.org"].map(isLoopback), [
    false,
    false,
    false,
    false,
  ]);
});
