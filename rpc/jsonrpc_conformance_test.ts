/**
 * The examples of the JSON-RPC 2.0 specification, section 7, and the two forms of the ancestors.
 *
 * @module
 */
import assert from "node:assert/strict";
import { z } from "zod";
import { FakeCaller, FakeServices, FakeSession, GOOD_TOKEN } from "./fake_session.ts";
import { defineMethod, type Method } from "./method.ts";
import { createMethods } from "./methods/mod.ts";
import { Router } from "./router.ts";

/** The methods that the specification's examples call. */
function specMethods(): Method[] {
  const common = { summary: "An example of the specification.", access: "anyone" } as const;
  const numbers = z.array(z.number());
  const none = { ...common, params: z.unknown(), result: z.null(), handler: () => null };
  return [
    defineMethod({
      ...common,
      name: "subtract",
      params: z.union([
        z.tuple([z.number(), z.number()]),
        z.object({ minuend: z.number(), subtrahend: z.number() }),
      ]),
      result: z.number(),
      handler: (params) =>
        Array.isArray(params) ? params[0] - params[1] : params.minuend - params.subtrahend,
    }),
    defineMethod({
      ...common,
      name: "sum",
      params: numbers,
      result: z.number(),
      handler: (params) => params.reduce((sum, number) => sum + number, 0),
    }),
    defineMethod({
      ...common,
      name: "get_data",
      params: z.unknown(),
      result: z.array(z.union([z.string(), z.number()])),
      handler: () => ["hello", 5],
    }),
    ...["update", "notify_hello", "notify_sum"].map((name) => defineMethod({ ...none, name })),
  ];
}

const specRouter = new Router({
  methods: new Map(specMethods().map((method) => [method.name, method])),
  services: new FakeServices(),
  report: () => "",
});

/** The answer as the specification writes it, without the data of errors. */
async function answerOf(router: Router, frame: string, caller = new FakeCaller()) {
  const text = await router.handle(frame, caller);
  if (text === undefined) return undefined;
  return JSON.parse(text, (key, value) => key === "data" ? undefined : value);
}

const parseError = { code: -32700, message: "Parse error" };
const notFound = { code: -32601, message: "Method not found" };

const invalidRequest = { code: -32600, message: "Invalid Request" };

const examples: [name: string, frame: string, answer: unknown][] = [
  [
    "call with positional parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    { jsonrpc: "2.0", result: 19, id: 1 },
  ],
  [
    "call with positional parameters, the other way round",
    '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
    { jsonrpc: "2.0", result: -19, id: 2 },
  ],
  [
    "call with named parameters",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    { jsonrpc: "2.0", result: 19, id: 3 },
  ],
  [
    "call with named parameters in another order",
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    { jsonrpc: "2.0", result: 19, id: 4 },
  ],
  ["a notification", '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ["a notification of no method", '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  [
    "call of a non-existent method",
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    { jsonrpc: "2.0", error: notFound, id: "1" },
  ],
  [
    "call with invalid JSON",
    '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    { jsonrpc: "2.0", error: parseError, id: null },
  ],
  [
    "call batch with invalid JSON",
    `[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method"
    ]`,
    { jsonrpc: "2.0", error: parseError, id: null },
  ],
  [
    "call batch of notifications",
    `[
      {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
    ]`,
    undefined,
  ],
  [
    "call with an invalid Request object",
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    { jsonrpc: "2.0", error: invalidRequest, id: null },
  ],
  ["call with an empty array", "[]", { jsonrpc: "2.0", error: invalidRequest, id: null }],
  [
    "call with an invalid batch, but not empty",
    "[1]",
    [{ jsonrpc: "2.0", error: invalidRequest, id: null }],
  ],
  [
    "call with an invalid batch",
    "[1,2,3]",
    [1, 2, 3].map(() => ({ jsonrpc: "2.0", error: invalidRequest, id: null })),
  ],
  [
    "call batch",
    `[
      {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
      {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
    ]`,
    [
      { jsonrpc: "2.0", result: 7, id: "1" },
      { jsonrpc: "2.0", result: 19, id: "2" },
      { jsonrpc: "2.0", error: invalidRequest, id: null },
      { jsonrpc: "2.0", error: notFound, id: "5" },
      { jsonrpc: "2.0", result: ["hello", 5], id: "9" },
    ],
  ],
];

for (const [name, frame, answer] of examples) {
  Deno.test(`JSON-RPC 2.0 §7: ${name}`, async () => {
    assert.deepEqual(await answerOf(specRouter, frame), answer);
  });
}

const router = new Router({
  methods: createMethods(),
  services: new FakeServices(),
  report: () => "",
});

for (const [name, envelope] of [["with", { jsonrpc: "2.0" }], ["without", {}]] as const) {
  Deno.test(`The ancestors' calls ${name} "jsonrpc" get the ancestors' answers`, async () => {
    const caller = new FakeCaller(new FakeSession());
    const calls: [call: Record<string, unknown>, result: unknown][] = [
      [{ id: "a1", method: "auth.jwt", params: { token: GOOD_TOKEN } }, "ACK"],
      [{ id: "a2", method: "echo", params: { message: "Hi" } }, { message: "Hi" }],
      [{ id: "a3", method: "msg.send", params: [{ to: "bob", message: "Hi" }] }, "ACK"],
      [
        {
          id: "a4",
          method: "msg.send",
          params: [{ to: "bob", message: "Hi", time: "0001-01-01T00:00:00Z", from: "" }],
        },
        "ACK",
      ],
    ];
    for (const [call, result] of calls) {
      const answer = await answerOf(router, JSON.stringify({ ...envelope, ...call }), caller);
      assert.deepEqual(answer, { jsonrpc: "2.0", id: call.id, result });
    }
    const ack = JSON.stringify({ ...envelope, id: "r1", result: "ACK" });
    assert.equal(await answerOf(router, ack, caller), undefined);
    assert.deepEqual(caller.responses.map(({ id }) => id), ["r1"]);
  });
}
