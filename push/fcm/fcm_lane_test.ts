import assert from "node:assert/strict";
import { fault, taken } from "./contract/fcm_answers.ts";
import { LocalHttps, type LocalRequest } from "./contract/local_https.ts";
import { FcmLane } from "./fcm_lane.ts";
import { type FcmMessage, fcmMessage } from "./fcm_message.ts";
import type { FcmReply } from "./fcm_reply.ts";
import { loadFirebase } from "./firebase.ts";

const NAME = "a lane";

function messageTo(token: string): FcmMessage {
  const content = { badge: 1, fetch: true };
  const push = { target: { token }, content, urgent: true, collapse: "a", expires: 0 };
  const message = fcmMessage(push, 0);
  assert.ok(message !== null);
  return message;
}

async function laneTo(local: LocalHttps): Promise<FcmLane> {
  return new FcmLane(NAME, {
    firebase: await loadFirebase(),
    projectId: "titan-test",
    origin: local.origin,
    connect: (host) => local.connect(host),
  });
}

/** What comes of a message where the service answers so. */
async function replyTo(
  { status, body, retryAfter }: ReturnType<typeof fault>,
  token = "abc",
): Promise<FcmReply> {
  await using local = await LocalHttps.open((_request, response) => {
    const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
    response.writeHead(status, headers).end(body);
  });
  await using lane = await laneTo(local);
  return await lane.send(messageTo(token), "secret", new AbortController().signal);
}

Deno.test("FcmLane.send() sends with the token of each push, over one connection", async () => {
  const seen: LocalRequest[] = [];
  let connections = 0;
  await using local = await LocalHttps.open((request, response) => {
    seen.push(request);
    connections = Math.max(connections, local.connections);
    response.end(taken("titan-test", seen.length).body);
  });
  await using lane = await laneTo(local);
  const { signal } = new AbortController();
  for (const [index, token] of ["one", "two"].entries()) {
    const id = `projects/titan-test/messages/0:${index + 1}`;
    assert.deepEqual(await lane.send(messageTo("abc"), token, signal), { kind: "taken", id });
  }
  assert.deepEqual(
    seen.map(({ headers, path }) => [headers.authorization, path]),
    ["one", "two"].map((token) => [`Bearer ${token}`, "/v1/projects/titan-test/messages:send"]),
  );
  assert.equal(connections, 1);
});

Deno.test("FcmLane.send() answers what FCM refuses, with its code and its Retry-After", async () => {
  const answer = fault(429, "RESOURCE_EXHAUSTED", "Too many.", "QUOTA_EXCEEDED");
  assert.deepEqual(await replyTo({ ...answer, retryAfter: "60" }), {
    kind: "refused",
    status: 429,
    code: "QUOTA_EXCEEDED",
    retryAfter: "60",
  });
  const refused = { kind: "refused", code: undefined, retryAfter: undefined };
  assert.deepEqual(await replyTo({ status: 404, body: "<p>Not Found" }), {
    ...refused,
    status: 404,
  });
  // No answer of FCM at all.
  assert.deepEqual(await replyTo({ status: 200, body: "<p>Hello" }), { ...refused, status: 200 });
});

Deno.test("FcmLane.send() answers a 503 at once, as firebase-admin does not", async () => {
  const answer = fault(503, "UNAVAILABLE", "Not now.", "UNAVAILABLE");
  const reply = await replyTo({ ...answer, retryAfter: "3" });
  assert.ok(reply.kind === "refused");
  assert.deepEqual([reply.status, reply.retryAfter], [503, "3"]);
});

Deno.test("FcmLane.send() sends nothing that firebase-admin finds no message", async () => {
  const reply = await replyTo({ status: 200, body: "{}" }, "");
  assert.deepEqual(reply, { kind: "unsendable", reason: "Push is not as FCM wants it" });
});

Deno.test("FcmLane.send() tells why no answer came, once and not after others", async () => {
  let count = 0;
  await using local = await LocalHttps.open((_request, response) => {
    count++;
    response.socket?.destroy();
  });
  await using lane = await laneTo(local);
  const reply = await lane.send(messageTo("abc"), "secret", new AbortController().signal);
  assert.deepEqual(reply, { kind: "broken", reason: "Cannot reach FCM: ECONNRESET" });
  assert.equal(count, 1);
});

Deno.test("FcmLane.send() throws the reason of its signal", async () => {
  const ending = new AbortController();
  await using local = await LocalHttps.open(() => ending.abort("late"));
  await using lane = await laneTo(local);
  const send = () => lane.send(messageTo("abc"), "secret", ending.signal);
  await assert.rejects(send(), (reason) => reason === "late");
  await assert.rejects(send(), (reason) => reason === "late");
});

Deno.test("FcmLane.dispose() frees the name of the app", async () => {
  await using local = await LocalHttps.open(() => {});
  for (const _time of [1, 2]) {
    const lane = await laneTo(local);
    await Promise.all([lane[Symbol.asyncDispose](), lane[Symbol.asyncDispose]()]);
  }
});
