import assert from "node:assert/strict";
import { z } from "zod";
import { LocalIssuer } from "../../tests/harness/local_issuer.ts";
import { within } from "../../tests/harness/wait_for.ts";
import { FakeClock } from "../fake_clock.ts";
import {
  DOCUMENT_BYTES_MAX,
  DOCUMENT_MS_MAX,
  DocumentError,
  type Fetch,
  fetchDocument,
} from "./document.ts";

const URL_ASKED = "https://example.org/document";
const schema = z.object({ a: z.number() });

/** Fetches from a response that the test makes. */
function take(response: Response, seen: RequestInit[] = []): Promise<unknown> {
  const answer: Fetch = (_url, init) => {
    seen.push(init);
    return Promise.resolve(response);
  };
  return fetchDocument(URL_ASKED, schema, { fetch: answer, clock: new FakeClock() });
}

async function refused(promise: Promise<unknown>, reason: string): Promise<DocumentError> {
  const error = await promise.then(() => assert.fail(`expected ${reason}`), (error) => error);
  assert.ok(error instanceof DocumentError, String(error));
  assert.equal(error.reason, reason);
  return error;
}

/** A body of chunks that are made when they are asked for. */
function chunks(make: (index: number) => Uint8Array | null) {
  const count = { pulled: 0, cancelled: 0 };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = make(count.pulled++);
      if (chunk === null) controller.close();
      else controller.enqueue(chunk);
    },
    cancel: () => void count.cancelled++,
  }, { highWaterMark: 0 });
  return { body, count };
}

/** `{"a":1}` in a body of so many bytes. */
function document(bytes: number): Uint8Array {
  return new TextEncoder().encode('{"a":1}'.padEnd(bytes));
}

Deno.test("fetchDocument() answers the document, and what is unknown in it is left out", async () => {
  const seen: RequestInit[] = [];
  assert.deepEqual(await take(Response.json({ a: 1, b: 2 }), seen), { a: 1 });
  assert.equal(seen[0]?.redirect, "manual");
});

Deno.test("fetchDocument() takes a document of the longest length, and none that is longer", async () => {
  const longest = chunks((index) => index === 0 ? document(DOCUMENT_BYTES_MAX) : null);
  assert.deepEqual(await take(new Response(longest.body)), { a: 1 });
  const long = chunks((index) => index === 0 ? document(DOCUMENT_BYTES_MAX + 1) : null);
  await refused(take(new Response(long.body)), "too_long");
});

Deno.test("fetchDocument() stops to read where a document is too long", async () => {
  const chunk = new Uint8Array(64 * 1024);
  const endless = chunks(() => chunk);
  await refused(take(new Response(endless.body)), "too_long");
  assert.deepEqual(endless.count, { pulled: 9, cancelled: 1 });
});

Deno.test("fetchDocument() does not read what says that it is too long", async () => {
  const headers = { "content-length": `${10 * 1024 * 1024}` };
  const announced = chunks(() => new Uint8Array(1));
  await refused(take(new Response(announced.body, { headers })), "too_long");
  assert.deepEqual(announced.count, { pulled: 0, cancelled: 1 });
});

Deno.test("fetchDocument() does not read what has another status", async () => {
  for (const status of [201, 302, 404, 500]) {
    const other = chunks(() => new Uint8Array(1));
    await refused(take(new Response(other.body, { status })), `status_${status}`);
    assert.deepEqual(other.count, { pulled: 0, cancelled: 1 });
  }
  await refused(take(new Response(null, { status: 304 })), "status_304");
});

Deno.test("fetchDocument() refuses other JSON and no JSON, and quotes neither", async () => {
  await refused(take(Response.json({ a: "secret" })), "unexpected_form");
  await refused(take(Response.json(null)), "unexpected_form");
  for (const body of ["", "secret", '{"a":1', new Uint8Array([0x22, 0xff, 0x22])]) {
    const error = await refused(take(new Response(body)), "no_json");
    assert.equal(error.cause, undefined);
    assert.equal(error.message, `Cannot use the document "${URL_ASKED}": no_json`);
  }
});

Deno.test("fetchDocument() tells a network that fails, at once and in the middle", async () => {
  const world = { fetch: () => Promise.reject(new TypeError("fail")), clock: new FakeClock() };
  await refused(fetchDocument(URL_ASKED, schema, world), "not_reachable");
  assert.equal(world.clock.timers, 0);
  const broken = chunks((index) => {
    if (index === 0) return new Uint8Array(1);
    throw new TypeError("reset");
  });
  await refused(take(new Response(broken.body)), "not_reachable");
});

Deno.test("fetchDocument() gives up a server that hangs, before its answer and in it", async () => {
  for (const how of ["hang", "hang in body"] as const) {
    await using issuer = LocalIssuer.start({ algorithms: [] });
    issuer.misbehave("keys", how);
    const clock = new FakeClock();
    const fetching = refused(
      fetchDocument(issuer.keysUrl, schema, { fetch, clock }),
      "timed_out",
    );
    await issuer.asked("keys", 1);
    clock.advance(DOCUMENT_MS_MAX - 1);
    assert.equal(clock.timers, 1);
    clock.advance(1);
    await within(fetching, 5000, `a request to be given up (${how})`);
    if (how === "hang in body") await issuer.left(1);
    assert.equal(clock.timers, 0);
  }
});

Deno.test("fetchDocument() gives up 10 MiB before they are there", async () => {
  await using issuer = LocalIssuer.start({ algorithms: [] });
  issuer.misbehave("keys", "huge");
  const clock = new FakeClock();
  const fetching = fetchDocument(issuer.keysUrl, schema, { fetch, clock });
  await within(refused(fetching, "too_long"), 5000, "a long document to be refused");
  await issuer.left(1);
});

Deno.test("fetchDocument() follows no redirect", async () => {
  await using issuer = LocalIssuer.start({ algorithms: [] });
  issuer.misbehave("keys", "redirect");
  const world = { fetch, clock: new FakeClock() };
  await refused(fetchDocument(issuer.keysUrl, schema, world), "status_302");
  assert.deepEqual(issuer.hits, { discovery: 0, keys: 1, elsewhere: 0 });
});

Deno.test("fetchDocument() ends when it is told to", async () => {
  await using issuer = LocalIssuer.start({ algorithms: [] });
  issuer.misbehave("keys", "hang in body");
  const ending = new AbortController();
  const { signal } = ending;
  const world = { fetch, clock: new FakeClock(), signal };
  const fetching = refused(fetchDocument(issuer.keysUrl, schema, world), "not_reachable");
  await issuer.asked("keys", 1);
  ending.abort();
  await within(fetching, 5000, "the request to end");
  await issuer.left(1);
  assert.equal(world.clock.timers, 0);
});
