import assert from "node:assert/strict";
import { URL_CHARS_MAX, USER_NAME_CHARS_MAX } from "../../limits.ts";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { RpcError } from "../rpc_error.ts";
import { userUpdate } from "./user_update.ts";

/** Asserts that params are refused before anything changes, and answers why. */
function refused(params: unknown): RpcError {
  const services = new FakeServices();
  try {
    userUpdate.call(params, new FakeSession(ANN), services);
  } catch (error) {
    assert.ok(error instanceof RpcError);
    assert.equal(services.accounts.calls.length, 0);
    return error;
  }
  throw new Error("The params were taken");
}

Deno.test("user.update changes what is given and leaves what is not", async () => {
  const changes = [
    { name: "Ann B" },
    { name: null },
    { picture: "https://example.org/b.png" },
    { picture: null, name: "constructor" },
    { name: "\u{1F41D}".repeat(USER_NAME_CHARS_MAX) },
  ];
  for (const change of changes) {
    const services = new FakeServices();
    const told = await userUpdate.call({ ...change, id: "bob" }, new FakeSession(ANN), services);
    assert.deepEqual(services.accounts.calls, [["updateProfile", "ann", change]]);
    assert.deepEqual(told, {
      id: "ann",
      email: "ann@example.org",
      name: "Ann",
      picture: "https://example.org/ann.png",
      registered: "2026-11-22T16:00:00.000Z",
    });
  }
});

Deno.test("user.update refuses what changes nothing", () => {
  for (const params of [{}, { email: "ann@example.org" }]) {
    const { message, data } = refused(params);
    assert.equal(message, 'Invalid params: params must have "name" or "picture"');
    assert.equal(data.field, "params");
  }
  for (const params of [undefined, [], "Ann"]) assert.equal(refused(params).data.field, "params");
});

Deno.test("user.update refuses names and pictures past their limits", () => {
  const longest = "https://example.org/".padEnd(URL_CHARS_MAX, "x");
  const cases: [object, string, number?][] = [
    [{ name: "" }, "params.name", USER_NAME_CHARS_MAX],
    [{ name: "x".repeat(USER_NAME_CHARS_MAX + 1) }, "params.name", USER_NAME_CHARS_MAX],
    [{ name: "a\nb" }, "params.name", USER_NAME_CHARS_MAX],
    [{ name: "a\ud800" }, "params.name", USER_NAME_CHARS_MAX],
    [{ name: "a\u2067b" }, "params.name", USER_NAME_CHARS_MAX],
    [{ name: 5 }, "params.name"],
    [{ picture: "" }, "params.picture", URL_CHARS_MAX],
    [{ picture: "http://example.org/" }, "params.picture", URL_CHARS_MAX],
    [{ picture: longest + "x" }, "params.picture", URL_CHARS_MAX],
    [{ name: "Ann", picture: "javascript:alert(1)" }, "params.picture", URL_CHARS_MAX],
  ];
  for (const [params, field, limit] of cases) {
    const { data } = refused(params);
    assert.equal(data.field, field);
    assert.equal(data.limit, limit);
  }
});
