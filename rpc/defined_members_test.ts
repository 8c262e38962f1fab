import assert from "node:assert/strict";
import { definedMembers } from "./defined_members.ts";

Deno.test("definedMembers() leaves out what is undefined, and nothing else", () => {
  const members = { a: undefined, b: null, c: 0, d: "", e: false, f: { g: undefined } };
  assert.deepEqual(definedMembers(members), {
    b: null,
    c: 0,
    d: "",
    e: false,
    f: { g: undefined },
  });
  assert.deepEqual(Object.keys(definedMembers({ z: 1, y: undefined, x: 2 })), ["z", "x"]);
});
