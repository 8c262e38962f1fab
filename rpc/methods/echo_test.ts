import assert from "node:assert/strict";
import { ANN, FakeServices, FakeSession } from "../fake_session.ts";
import { echo } from "./echo.ts";

const services = new FakeServices();

Deno.test("echo answers its params, and null where there are none", () => {
  const session = new FakeSession(ANN);
  for (const params of [{ message: "Hi", token: "t" }, [1, [2]], {}, []]) {
    assert.equal(echo.call(params, session, services), params);
  }
  assert.equal(echo.call(undefined, session, services), null);
});

Deno.test("echo needs a user", () => {
  assert.throws(() => echo.call([], new FakeSession(), services), { key: "unauthenticated" });
});
