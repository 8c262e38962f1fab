import assert from "node:assert/strict";
import fc from "fast-check";
import { BATCH_REQUESTS_MAX, JSON_DEPTH_MAX, REQUEST_ID_CHARS_MAX } from "../limits.ts";
import { callFrame, errorFrame, parseFrame, resultFrame } from "./json_rpc.ts";
import { RpcError } from "./rpc_error.ts";

function parse(value: unknown) {
  return parseFrame(JSON.stringify(value));
}

/** Asserts that a frame is refused, and answers how. */
function refused(text: string): { id: unknown; key: string } {
  const frame = parseFrame(text);
  assert.ok(frame.kind === "invalid", text);
  return { id: frame.id, key: frame.error.key };
}

Deno.test("parseFrame() tells requests, notifications and responses apart", () => {
  const call = { method: "m", params: undefined };
  assert.deepEqual(parse({ id: "1", method: "m" }), { kind: "request", id: "1", ...call });
  assert.deepEqual(parse({ method: "m" }), { kind: "notification", ...call });
  assert.deepEqual(parse({ id: 1, result: 0 }), { kind: "response", id: 1, result: 0 });
  assert.deepEqual(parse({ id: 1, error: {} }), { kind: "response", id: 1, error: {} });
});

Deno.test('parseFrame() takes frames with and without "jsonrpc", and only "2.0"', () => {
  assert.equal(parse({ jsonrpc: "2.0", id: 1, method: "m" }).kind, "request");
  assert.equal(parse({ id: 1, method: "m" }).kind, "request");
  for (const jsonrpc of ["1.0", 2, 2.0, null, "", ["2.0"]]) {
    const text = JSON.stringify({ jsonrpc, id: 1, method: "m" });
    assert.deepEqual(refused(text), { id: 1, key: "invalid_request" });
  }
});

Deno.test("parseFrame() takes params by name, by position, none and null", () => {
  for (const params of [{ a: 1 }, [1, 2], {}, []]) {
    assert.deepEqual(parse({ id: 1, method: "m", params }), {
      kind: "request",
      id: 1,
      method: "m",
      params,
    });
  }
  for (const frame of [{ id: 1, method: "m" }, { id: 1, method: "m", params: null }]) {
    const request = parse(frame);
    assert.ok(request.kind === "request" && request.params === undefined);
  }
  for (const params of ["a", 1, true]) {
    const text = JSON.stringify({ id: "x", method: "m", params });
    assert.deepEqual(refused(text), { id: "x", key: "invalid_request" });
  }
});

Deno.test("parseFrame() takes string, number and null ids", () => {
  for (const id of ["", "a", 0, -1, 1.5, Number.MAX_SAFE_INTEGER, null]) {
    const request = parse({ id, method: "m" });
    assert.ok(request.kind === "request" && request.id === id);
  }
});

Deno.test("parseFrame() refuses other ids, and answers null for them", () => {
  const ids = [
    "true",
    "{}",
    '["a"]',
    "9007199254740992",
    "1e400",
    "-1e400",
    "12345678901234567890",
  ];
  for (const id of ids) {
    const answer = { id: null, key: "invalid_request" };
    assert.deepEqual(refused(`{"id":${id},"method":"m"}`), answer);
    assert.deepEqual(refused(`{"id":${id},"result":"ACK"}`), answer);
  }
});

Deno.test("parseFrame() says what an id may be, and that a list is no request", () => {
  const id = "The id must be a string of at most 128 characters, " +
    "a number from -9007199254740991 to 9007199254740991, or null";
  const cases: [string, string][] = [
    ['{"id":9007199254740992,"method":"m"}', id],
    ['{"id":true,"method":"m"}', id],
    ["[[]]", "A request must be an object"],
    ['[[{"id":1,"method":"m"}]]', "A request must be an object"],
  ];
  for (const [text, reason] of cases) {
    const frame = parseFrame(text);
    const message = frame.kind === "batch" ? frame.messages[0] : frame;
    assert.ok(message?.kind === "invalid");
    assert.equal(message.error.data.reason, reason);
  }
});

Deno.test("parseFrame() takes string ids up to the limit and none past it", () => {
  assert.equal(parse({ id: "i".repeat(REQUEST_ID_CHARS_MAX), method: "m" }).kind, "request");
  const text = JSON.stringify({ id: "i".repeat(REQUEST_ID_CHARS_MAX + 1), method: "m" });
  assert.deepEqual(refused(text), { id: null, key: "invalid_request" });
});

Deno.test("parseFrame() refuses what is no message", () => {
  for (const text of ["1", '"a"', "null", "true", "{}", '{"foo":"boo"}', '{"id":null}']) {
    assert.deepEqual(refused(text), { id: null, key: "invalid_request" });
  }
  for (const method of [1, null, {}, ["m"], true]) {
    const text = JSON.stringify({ id: 7, method });
    assert.deepEqual(refused(text), { id: 7, key: "invalid_request" });
  }
  // Nothing says which request these answer.
  assert.equal(refused('{"result":1}').key, "invalid_request");
  assert.equal(refused('{"error":{}}').key, "invalid_request");
});

Deno.test("parseFrame() refuses what is no JSON", () => {
  for (const text of ["", " ", "{", '{"id":1', "[1,", "undefined", "{'a':1}", "\ud800", "NaN"]) {
    assert.deepEqual(refused(text), { id: null, key: "parse_error" });
  }
});

Deno.test("parseFrame() lets an error win over a result, and takes a null error for none", () => {
  const both = parse({ id: 1, result: "ACK", error: { code: 1 } });
  assert.deepEqual(both, { kind: "response", id: 1, error: { code: 1 } });
  const none = parse({ id: 1, result: "ACK", error: null });
  assert.deepEqual(none, { kind: "response", id: 1, result: "ACK" });
  assert.deepEqual(parse({ id: 1, result: null }), { kind: "response", id: 1, result: null });
});

Deno.test("parseFrame() takes an error about no particular request for a response", () => {
  const frame = parse({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "" } });
  assert.ok(frame.kind === "response" && frame.id === null);
});

Deno.test("parseFrame() reads every member of a batch for itself", () => {
  const frame = parse([{ id: 1, method: "m" }, 1, [], { id: 2, result: 0 }, { method: "m" }]);
  assert.ok(frame.kind === "batch");
  assert.deepEqual(
    frame.messages.map(({ kind }) => kind),
    ["request", "invalid", "invalid", "response", "notification"],
  );
});

Deno.test("parseFrame() takes batches up to the limit, none past it and no empty one", () => {
  const requests = Array.from({ length: BATCH_REQUESTS_MAX }, () => ({ method: "m" }));
  assert.equal(parse(requests).kind, "batch");
  const text = JSON.stringify([...requests, { method: "m" }]);
  assert.deepEqual(refused(text), { id: null, key: "too_large" });
  assert.deepEqual(refused("[]"), { id: null, key: "invalid_request" });
});

/** A request whose JSON is nested so many levels deep, itself included. */
function nested(depth: number, open: string, close: string): string {
  const inner = depth - 1;
  return `{"id":1,"method":"m","params":${open.repeat(inner)}${close.repeat(inner)}}`;
}

Deno.test("parseFrame() takes JSON nested up to the limit and none deeper", () => {
  assert.equal(parseFrame(nested(JSON_DEPTH_MAX, "[", "]")).kind, "request");
  assert.deepEqual(refused(nested(JSON_DEPTH_MAX + 1, "[", "]")), { id: null, key: "too_large" });
  const text = nested(JSON_DEPTH_MAX, '{"a":', "}").replace('{"a":}', "{}");
  assert.equal(parseFrame(text).kind, "request");
  assert.deepEqual(refused(text.replace("{}", '{"a":{}}')), { id: null, key: "too_large" });
});

Deno.test("parseFrame() counts brackets side by side and in strings as no nesting", () => {
  const many = 10 * JSON_DEPTH_MAX;
  assert.equal(parse({ id: 1, method: "m", params: Array(many).fill([]) }).kind, "request");
  for (const text of ["[".repeat(many), '"{'.repeat(many), '\\"['.repeat(many), "\\\\"]) {
    assert.equal(parse({ id: 1, method: "m", params: [text, "[".repeat(many)] }).kind, "request");
  }
});

Deno.test("parseFrame() refuses the deepest frame without parsing it", () => {
  const half = 128 * 1024;
  assert.equal(refused("[".repeat(half) + "]".repeat(half)).key, "too_large");
  assert.equal(refused('{"a":'.repeat(half / 5)).key, "too_large");
});

Deno.test("parseFrame() agrees with JSON.parse() on nesting", () => {
  function depth(value: unknown): number {
    if (typeof value !== "object" || value === null) return 0;
    return 1 + Math.max(0, ...Object.values(value).map(depth));
  }
  const deep = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "max", withCrossShrink: true },
      fc.string(),
      fc.array(tie("value"), { maxLength: 2 }),
      fc.dictionary(fc.string(), tie("value"), { maxKeys: 2 }),
    ),
  })).value;
  const wrapped = fc.tuple(deep, fc.integer({ min: 0, max: 40 }))
    .map(([value, levels]) => Array.from({ length: levels }).reduce((it) => [it], value));
  fc.assert(fc.property(wrapped, (value) => {
    const frame = parse(value);
    const tooDeep = frame.kind === "invalid" && frame.error.key === "too_large";
    assert.equal(tooDeep, depth(value) > JSON_DEPTH_MAX);
  }));
});

Deno.test("parseFrame() reads __proto__ as a member like any other", () => {
  const call = parseFrame('{"__proto__":{"id":1,"method":"m","polluted":1}}');
  assert.equal(call.kind, "invalid");
  const request = parseFrame('{"id":1,"method":"__proto__","params":{"__proto__":{"a":1}}}');
  assert.ok(request.kind === "request");
  assert.equal(JSON.stringify(request.params), '{"__proto__":{"a":1}}');
  assert.equal(Object.getPrototypeOf(request.params), Object.prototype);
  assert.equal(Object.getPrototypeOf({}).polluted, undefined);
});

Deno.test("parseFrame() never throws on any text", () => {
  const members = fc.constantFrom(
    "id",
    "method",
    "params",
    "jsonrpc",
    "result",
    "error",
    "__proto__",
  );
  const near = fc.dictionary(members, fc.oneof(fc.jsonValue(), fc.constantFrom("2.0", 1, null)));
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    near.map((value) => JSON.stringify(value)),
    fc.array(near).map((value) => JSON.stringify(value)),
    fc.array(fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "\\", "1")).map((it) =>
      it.join("")
    ),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const frame = parseFrame(text);
      const messages = frame.kind === "batch" ? frame.messages : [frame];
      for (const message of messages) {
        if (message.kind === "invalid") JSON.parse(errorFrame(message.id, message.error));
        if (message.kind === "request") JSON.parse(resultFrame(message.id, "1"));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("resultFrame() writes any id and the result as it is", () => {
  assert.equal(resultFrame("s1", '"ACK"'), '{"jsonrpc":"2.0","id":"s1","result":"ACK"}');
  for (const id of ['a"\\\n', "\u2028", "ü", 1.5, -0, 1e-7, null]) {
    assert.equal(JSON.parse(resultFrame(id, "{}")).id, id === 0 ? 0 : id);
  }
});

Deno.test("errorFrame() writes the code, message and data", () => {
  assert.deepEqual(JSON.parse(errorFrame(null, new RpcError("busy", { retryAfter: 1 }))), {
    jsonrpc: "2.0",
    id: null,
    error: {
      code: -32006,
      message: "Server is busy",
      data: { name: "busy", retryable: true, retryAfter: 1 },
    },
  });
});

Deno.test("callFrame() writes requests and notifications", () => {
  assert.equal(callFrame("m"), '{"jsonrpc":"2.0","method":"m"}');
  assert.equal(callFrame("m", "[1]"), '{"jsonrpc":"2.0","method":"m","params":[1]}');
  assert.equal(callFrame("m", "[1]", "r"), '{"jsonrpc":"2.0","id":"r","method":"m","params":[1]}');
});
