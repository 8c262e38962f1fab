import assert from "node:assert/strict";
import { FakeServices, FakeSession } from "../fake_session.ts";
import { JsonText } from "../method.ts";
import { ping } from "./ping.ts";

Deno.test('ping answers "pong" to anyone', () => {
  for (const params of [undefined, [], {}]) {
    const answer = ping.call(params, new FakeSession(), new FakeServices());
    assert.deepEqual(answer, new JsonText('"pong"'));
  }
});
