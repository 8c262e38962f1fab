import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { invalidParams, stringCheck } from "./invalid_params.ts";

function refuse(schema: z.ZodType, value: unknown, prefix?: readonly PropertyKey[]) {
  const { error } = schema.safeParse(value);
  assert.ok(error !== undefined);
  return invalidParams(error, prefix);
}

const short = z.string().check(
  stringCheck((value) =>
    value.length > 3
      ? { error: "message_too_long", detail: "must be short", limit: 3 }
      : value.trim()
  ),
);

Deno.test("invalidParams() names the field and what it must be", () => {
  const schema = z.array(
    z.object({
      name: z.string().min(2).max(5),
      age: z.int().min(1).max(9),
      kind: z.enum(["a", "b"]),
      time: z.iso.datetime(),
    }).partial(),
  ).min(1).max(2);
  const cases: [unknown, string][] = [
    [5, "params must be of type array"],
    [[], "params must be at least 1 items long"],
    [[{}, {}, {}], "params must be at most 2 items long"],
    [[5], "params[0] must be of type object"],
    [[{}, { name: 5 }], "params[1].name must be of type string"],
    [[{ name: "a" }], "params[0].name must be at least 2 characters long"],
    [[{ name: "abcdef" }], "params[0].name must be at most 5 characters long"],
    [[{ age: 0 }], "params[0].age must be at least 1"],
    [[{ age: 10 }], "params[0].age must be at most 9"],
    [[{ age: 1.5 }], "params[0].age must be of type int"],
    [[{ kind: "c" }], 'params[0].kind must be one of "a", "b"'],
    [[{ time: "now" }], "params[0].time must be a valid datetime"],
  ];
  for (const [value, detail] of cases) {
    assert.equal(refuse(schema, value).message, `Invalid params: ${detail}`);
  }
});

Deno.test("invalidParams() tells the limit of a field, and not that of all whole numbers", () => {
  const schema = z.object({ age: z.int().min(1).max(9), any: z.int() }).partial();
  const cases: [unknown, string, number?][] = [
    [{ age: 1e308 }, "params.age must be at most 9", 9],
    [{ age: -1e308 }, "params.age must be at least 1"],
    [{ any: 1e308, age: 10 }, "params.age must be at most 9", 9],
    [{ any: 1e308 }, "params.any must be at most 9007199254740991", 9007199254740991],
  ];
  for (const [value, detail, limit] of cases) {
    const error = refuse(schema, value);
    assert.equal(error.message, `Invalid params: ${detail}`);
    assert.equal(error.data.limit, limit);
  }
});

Deno.test("invalidParams() gives the field, the limit and the index as data", () => {
  const error = refuse(z.array(z.object({ age: z.number().max(9) })), [{ age: 1 }, { age: 10 }]);
  assert.deepEqual(error.data, {
    name: "invalid_params",
    retryable: false,
    field: "params[1].age",
    limit: 9,
    index: 1,
  });
  assert.equal(refuse(z.object({ a: z.string() }), {}).data.index, undefined);
});

Deno.test("invalidParams() tells the form of a union that fits best", () => {
  const schema = z.union([z.array(z.string()), z.object({ list: z.array(z.string()) })]);
  assert.equal(refuse(schema, [5]).data.field, "params[0]");
  assert.equal(refuse(schema, { list: [5] }).data.field, "params.list[0]");
  assert.equal(refuse(schema, { list: 5 }).data.field, "params.list");
  assert.equal(refuse(schema, "a").data.field, "params");
});

Deno.test("invalidParams() tells all types that a union takes, or what is wrong with the right one", () => {
  const signIn = z.union([z.object({ token: z.string() }), z.tuple([z.string()])]);
  const message = (schema: z.ZodType, value: unknown) => refuse(schema, value).message;
  assert.equal(message(signIn, null), "Invalid params: params must be of type object or array");
  assert.equal(message(signIn, []), "Invalid params: params must be at least 1 items long");
  assert.equal(message(signIn, ["a", "b"]), "Invalid params: params must be at most 1 items long");
  const time = z.object({ time: z.union([z.iso.datetime(), z.int()]).optional() });
  const cases = [[1.5, "string or int"], [null, "string or number"], [{}, "string or number"]];
  for (const [value, types] of cases) {
    const told = message(time, { time: value });
    assert.equal(told, `Invalid params: params.time must be of type ${types}`);
  }
  assert.equal(
    message(time, { time: "now" }),
    "Invalid params: params.time must be a valid datetime",
  );
});

Deno.test("invalidParams() lists the words by which the forms of a union are told apart", () => {
  const forms = [z.object({ kind: z.literal("a") }), z.object({ kind: z.literal("b") })] as const;
  for (const push of [{}, { kind: "s3cr3t" }, { kind: "__proto__" }]) {
    const error = refuse(z.object({ push: z.discriminatedUnion("kind", forms) }), { push });
    assert.equal(error.message, 'Invalid params: params.push.kind must be one of "a", "b"');
  }
});

Deno.test("invalidParams() puts a prefix before the path", () => {
  const error = refuse(z.object({ a: z.string() }), {}, ["messages", 3]);
  assert.equal(error.data.field, "params.messages[3].a");
});

Deno.test("stringCheck() makes a check that may change, refuse or name its own error", () => {
  assert.equal(short.parse(" a "), "a");
  const error = refuse(z.array(short), ["long"]);
  assert.equal(error.message, "Message is too long: params[0] must be short");
  assert.deepEqual(error.data, {
    name: "message_too_long",
    retryable: false,
    field: "params[0]",
    limit: 3,
    index: 0,
  });
});

Deno.test("invalidParams() never repeats what was sent", () => {
  const secret = "s3cr3t-t0k3n";
  const schema = z.union([
    z.array(z.object({ a: short, b: z.enum(["x"]), c: z.iso.datetime(), d: z.literal(1) })),
    z.strictObject({ a: short, d: z.object({ a: z.number() }) }),
    z.discriminatedUnion("a", [z.object({ a: z.literal("x") }), z.object({ a: z.literal("y") })]),
    z.tuple([short]),
  ]);
  const holders = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(secret, 1, null, true),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "c", "d", secret), tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(holders, (value) => {
      const { error } = schema.safeParse(value);
      if (error === undefined) return;
      const told = JSON.stringify(invalidParams(error));
      assert.ok(!told.includes(secret), told);
    }),
    { numRuns: 500 },
  );
});
