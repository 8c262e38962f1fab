import assert from "node:assert/strict";
import { z } from "zod";
import { schemaOf } from "./json_schema.ts";

Deno.test("schemaOf() describes what a schema takes, not what it makes of it", () => {
  const schema = z.object({ a: z.string().max(3).optional(), b: z.int().default(1) });
  const { properties, required, ...rest } = schemaOf(schema);
  assert.deepEqual(rest, { type: "object" });
  assert.equal(required, undefined);
  assert.deepEqual(Object.keys(properties as object), ["a", "b"]);
});

Deno.test("schemaOf() says that nothing is taken where only undefined is", () => {
  assert.deepEqual(schemaOf(z.undefined()), { not: {} });
  assert.deepEqual(schemaOf(z.unknown()), {});
});
