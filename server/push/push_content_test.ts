import assert from "node:assert/strict";
import type { Waiting } from "../../store/mod.ts";
import { contentOf, type PushContentPolicy } from "./push_content.ts";

function waitingOf(messages: number, body = '{"id":"1","from":"ann","message":"hello"}'): Waiting {
  const newest = {
    id: "1",
    kind: "message",
    sender: "ann",
    from: "ann",
    to: "bob",
    device: "phone",
    time: 0,
    expires: 1,
    receipt: false,
    urgent: true,
    body,
    bytes: body.length,
    position: 7,
  } as const;
  const spoken = { upTo: 0, at: 0 };
  return { messages, newest, isNew: true, urgent: true, expires: 1, after: 0, upTo: 7, spoken };
}

function parts(policy: PushContentPolicy) {
  return { policy, sender: "Ann", nonce: "n" };
}

Deno.test("contentOf() tells no more than the policy allows", () => {
  const waiting = waitingOf(1);
  assert.deepEqual(contentOf(waiting, parts("none")), { badge: 1, fetch: true, nonce: "n" });
  assert.deepEqual(contentOf(waiting, parts("sender")), {
    badge: 1,
    fetch: true,
    sender: "Ann",
    nonce: "n",
  });
  assert.deepEqual(contentOf(waiting, parts("text")), {
    badge: 1,
    fetch: false,
    sender: "Ann",
    text: "hello",
    nonce: "n",
  });
});

Deno.test("contentOf() has the device fetch where more waits than is told", () => {
  const { badge, fetch, text } = contentOf(waitingOf(3), parts("text"));
  assert.deepEqual({ badge, fetch, text }, { badge: 3, fetch: true, text: "hello" });
});

Deno.test("contentOf() leaves out a text that a body does not have", () => {
  const content = contentOf(waitingOf(1, '{"id":"1"}'), parts("text"));
  assert.deepEqual(content, { badge: 1, fetch: true, sender: "Ann", nonce: "n" });
});
