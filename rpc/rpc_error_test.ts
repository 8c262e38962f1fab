import assert from "node:assert/strict";
import { RPC_ERRORS, RpcError, type RpcErrorName } from "./rpc_error.ts";

const rows = Object.entries(RPC_ERRORS);

Deno.test("RPC_ERRORS gives every code to one name", () => {
  assert.equal(new Set(rows.map(([, { code }]) => code)).size, rows.length);
});

Deno.test("RPC_ERRORS keeps the specification's codes and its own range", () => {
  const spec = rows.filter(([, { code }]) => code <= -32600).map(([, { code }]) => code);
  assert.deepEqual(spec.sort(), [-32600, -32601, -32602, -32603, -32700]);
  const ours = rows.filter(([, { code }]) => code > -32600).map(([, { code }]) => code);
  // Without a gap, and inside what JSON-RPC 2.0 §5.1 leaves to servers.
  assert.deepEqual(ours, ours.map((_, index) => -32000 - index));
  assert.ok(ours.every((code) => code >= -32099));
});

Deno.test("RPC_ERRORS writes messages as sentences without a period", () => {
  for (const [name, { message }] of rows) {
    assert.match(name, /^[a-z]+(_[a-z]+)*$/);
    assert.match(message, /^[A-Z][^.]+$/);
  }
});

Deno.test("RpcError has the code, message and data of its row", () => {
  for (const [name, { code, message, retryable }] of rows) {
    const error = new RpcError(name as RpcErrorName);
    assert.equal(error.key, name);
    assert.equal(error.code, code);
    assert.deepEqual(error.toJSON(), { code, message, data: { name, retryable } });
  }
});

Deno.test("RpcError adds details to data and the detail to the message", () => {
  const details = { field: "params[0].ttl", limit: 9, index: 0, retryAfter: 2, reference: "r1" };
  const error = new RpcError("rate_limited", { ...details, detail: "What is wrong" });
  assert.equal(error.message, "Too many requests: What is wrong");
  assert.deepEqual(error.data, { name: "rate_limited", retryable: true, ...details });
});

Deno.test("RpcError writes itself as an error object", () => {
  assert.equal(
    JSON.stringify(new RpcError("busy", { retryAfter: 1 })),
    '{"code":-32006,"message":"Server is busy","data":{"name":"busy","retryable":true,"retryAfter":1}}',
  );
});
