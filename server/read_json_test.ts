import assert from "node:assert/strict";
import { z } from "zod";
import { readJson } from "./read_json.ts";

const schema = z.array(z.strictObject({ a: z.number() }));

Deno.test("readJson() reads what the schema allows", () => {
  assert.deepEqual(readJson('[{"a":1}]', schema), { value: [{ a: 1 }] });
});

Deno.test("readJson() tells where a mistake is and nothing of what is written", () => {
  const faults: readonly (readonly [text: string, fault: string])[] = [
    ["", "it is not JSON"],
    ["secret", "it is not JSON"],
    ['{"secret":"secret"}', "it is other JSON"],
    ['[{"a":1},{"a":"secret"}]', '"1.a" is wrong'],
    ['[{"a":1,"secret":2}]', '"0" is wrong'],
    ['[{"__proto__":{"a":1}}]', '"0.a" is wrong'],
  ];
  for (const [text, fault] of faults) assert.deepEqual(readJson(text, schema), { fault });
});
