import assert from "node:assert/strict";
import { readResponse } from "./read_response.ts";

Deno.test("readResponse() has the status, the body and what APNs says of it", async () => {
  const headers = { "apns-id": "A-1", "retry-after": "5" };
  const body = '{"reason":"TooManyRequests"}';
  const response = await readResponse(new Response(body, { status: 429, headers }));
  assert.deepEqual(response, { status: 429, body, id: "A-1", retryAfter: "5" });
  assert.deepEqual(await readResponse(new Response(null, { status: 400 })), {
    status: 400,
    body: "",
  });
});

Deno.test("readResponse() puts characters together that came in parts", async () => {
  const body = ReadableStream.from(Array.from(encode("\u{1F955}"), (byte) => Uint8Array.of(byte)));
  const response = await readResponse(new Response(body, { status: 400 }));
  assert.equal(response.body, "\u{1F955}");
});

Deno.test("readResponse() keeps nothing of a body past 4,096 bytes, and asks for no more of it", async () => {
  for (const [bytes, kept] of [[4096, 4096], [4097, 0]] as const) {
    let isCancelled = false;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(bytes - 1).fill(0x61));
        controller.enqueue(Uint8Array.of(0x61));
        if (kept > 0) controller.close();
      },
      cancel() {
        isCancelled = true;
      },
    });
    const response = await readResponse(new Response(body, { status: 400 }));
    assert.equal(response.body, "a".repeat(kept));
    assert.equal(isCancelled, kept === 0);
  }
});

Deno.test("readResponse() leaves the body of a 200 alone", async () => {
  let isCancelled = false;
  const body = new ReadableStream({
    cancel() {
      isCancelled = true;
    },
  });
  assert.deepEqual(await readResponse(new Response(body)), { status: 200, body: "" });
  assert.ok(isCancelled);
});

Deno.test("readResponse() rejects where the connection ends in the middle of a body", async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(encode('{"reason":'));
    },
    pull(controller) {
      controller.error(new Error("gone"));
    },
  });
  await assert.rejects(readResponse(new Response(body, { status: 410 })), { message: "gone" });
});

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
