import assert from "node:assert/strict";
import { FRAME_BYTES_MAX } from "../limits.ts";
import { RpcError } from "../rpc/mod.ts";
import { readText } from "./request_text.ts";

function post(body: BodyInit, headers: HeadersInit = {}): Request {
  return new Request("http://titan/rpc", { method: "POST", body, headers });
}

async function refusal(request: Request): Promise<RpcError> {
  const error = await readText(request).then(() => null, (error) => error);
  assert.ok(error instanceof RpcError);
  return error;
}

Deno.test("readText() reads as many bytes as a frame may have, and not one more", async () => {
  const frame = "x".repeat(FRAME_BYTES_MAX - 2) + "é";
  assert.equal(await readText(post(frame)), frame);
  const { key, data } = await refusal(post(frame + "x"));
  assert.deepEqual([key, data.limit], ["too_large", FRAME_BYTES_MAX]);
});

Deno.test("readText() reads nothing of a body that says it is too long", async () => {
  const body = new ReadableStream({
    pull: () => assert.fail("It was read"),
  }, { highWaterMark: 0 });
  const length = { "content-length": String(FRAME_BYTES_MAX + 1) };
  assert.equal((await refusal(post(body, length))).key, "too_large");
});

Deno.test("readText() refuses what is not UTF-8, and what breaks off", async () => {
  assert.equal((await refusal(post(Uint8Array.of(0x22, 0xff, 0x22)))).key, "parse_error");
  assert.equal((await refusal(post(Uint8Array.of(0x22, 0xc3)))).key, "parse_error");
  const broken = new ReadableStream({ pull: (body) => body.error(new Error("Gone")) });
  assert.equal((await refusal(post(broken))).key, "parse_error");
});
