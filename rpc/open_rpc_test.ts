import assert from "node:assert/strict";
import { createMethods } from "./methods/mod.ts";
import { openRpcDocument, type OpenRpcMethod } from "./open_rpc.ts";
import { RPC_ERRORS } from "./rpc_error.ts";

const document = openRpcDocument(createMethods().values(), { version: "1.2.3" });

function method(name: string): OpenRpcMethod {
  const found = document.methods.find((it) => it.name === name);
  assert.ok(found !== undefined);
  return found;
}

Deno.test("openRpcDocument() describes every method once, and who calls it", () => {
  assert.deepEqual(
    document.methods.map((it) => [it.name, it["x-direction"], it["x-access"]]),
    [
      ["auth.google", "client-to-server", "anyone"],
      ["auth.jwt", "client-to-server", "anyone"],
      ["auth.oidc", "client-to-server", "anyone"],
      ["auth.refresh", "client-to-server", "anyone"],
      ["auth.logout", "client-to-server", "user"],
      ["auth.logoutAll", "client-to-server", "user"],
      ["device.list", "client-to-server", "user"],
      ["device.register", "client-to-server", "user"],
      ["device.remove", "client-to-server", "user"],
      ["echo", "client-to-server", "user"],
      ["msg.send", "client-to-server", "user"],
      ["msg.trace", "client-to-server", "user"],
      ["ping", "both", "anyone"],
      ["rpc.discover", "client-to-server", "anyone"],
      ["push.received", "client-to-server", "user"],
      ["user.delete", "client-to-server", "user"],
      ["user.export", "client-to-server", "user"],
      ["user.me", "client-to-server", "user"],
      ["user.update", "client-to-server", "user"],
      ["msg.recv", "server-to-client", undefined],
      ["msg.receipt", "server-to-client", undefined],
      ["queue.empty", "server-to-client", undefined],
    ],
  );
});

Deno.test("openRpcDocument() has what OpenRPC 1.3 requires", () => {
  assert.match(document.openrpc, /^1\.3\.\d+$/);
  assert.deepEqual(document.info, { title: "Titan", version: "1.2.3" });
  for (const { params, summary, result } of document.methods) {
    assert.match(summary, /^[A-Z].+\.$/);
    for (const descriptor of params) {
      assert.equal(typeof descriptor.name, "string");
      assert.equal(typeof descriptor.schema, "object");
    }
    if (result !== undefined) assert.equal((result as { name: string }).name, "result");
  }
});

Deno.test("openRpcDocument() tells what browsers subscribe with, where there is something", () => {
  assert.ok(!("x-vapid-public-key" in document));
  const server = { version: "1.2.3", vapidPublic: "BP4z" };
  assert.equal(openRpcDocument([], server)["x-vapid-public-key"], "BP4z");
});

Deno.test("openRpcDocument() lists the params by name where a method has that form", () => {
  const { params, paramStructure } = method("auth.jwt");
  assert.equal(paramStructure, "by-name");
  assert.deepEqual(
    params.map(({ name, required }) => [name, required]),
    [["token", true], ["device", false], ["window", false], ["receipts", false], ["start", false]],
  );
});

Deno.test("openRpcDocument() gives the whole schema of the params, limits included", () => {
  const schema = JSON.stringify(method("msg.send")["x-params"]);
  for (const member of ["cid", "ttl", "urgent"]) {
    // Once in the by-position form and once in the by-name form, of one schema.
    assert.equal(schema.split(`"${member}":`).length - 1, 2);
  }
  assert.match(schema, /"maxItems":100/);
  assert.match(schema, /"maximum":2592000/);
});

Deno.test("openRpcDocument() holds the table of errors", () => {
  const { errors } = document.components;
  assert.deepEqual(Object.keys(errors), Object.keys(RPC_ERRORS));
  assert.deepEqual(errors.busy, {
    code: -32006,
    message: "Server is busy",
    data: { name: "busy", retryable: true },
  });
});

Deno.test("openRpcDocument() is JSON", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(document)), structuredClone(document));
});
