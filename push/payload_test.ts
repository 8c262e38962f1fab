import assert from "node:assert/strict";
import fc from "fast-check";
import { contentJson, fitPayload } from "./payload.ts";
import { PAYLOAD_BYTES_MAX, type PushContent } from "./push.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

Deno.test("contentJson() has the members that the content has", () => {
  assert.equal(contentJson({ badge: 0, fetch: true }), '{"badge":0,"fetch":true}');
  const all: PushContent = { badge: 2, fetch: false, sender: "ann", text: "", nonce: "n" };
  assert.deepEqual(JSON.parse(contentJson(all)), all);
});

Deno.test("fitPayload() keeps the text at the limit and leaves it out one byte past it", () => {
  const frame = contentJson({ badge: 1, fetch: false, sender: "ann", text: "" }).length;
  const fits = { badge: 1, fetch: false, sender: "ann", text: "x".repeat(4096 - frame) };
  const kept = fitPayload(fits);
  assert.equal(kept?.payload.length, PAYLOAD_BYTES_MAX);
  assert.deepEqual(kept?.content, fits);

  const passes = { ...fits, text: `${fits.text}x` };
  const left = fitPayload(passes);
  assert.deepEqual(left?.content, { badge: 1, fetch: true, sender: "ann" });
  assert.deepEqual(read(left?.payload), left?.content);
});

Deno.test("fitPayload() counts what is encoded, not characters", () => {
  for (const character of ["\u{1F955}", '"', "\u0001"]) {
    const text = character.repeat(1020);
    const encoded = new TextEncoder().encode(contentJson({ badge: 1, fetch: false, text })).length;
    const content = { badge: 1, fetch: false, text };
    assert.deepEqual(fitPayload(content, { bytesMax: encoded })?.content, content);
    assert.equal(fitPayload(content, { bytesMax: encoded - 1 })?.content.text, undefined);
  }
});

Deno.test("fitPayload() leaves the sender out as well, then gives up", () => {
  const content = { badge: 1, fetch: false, sender: "s".repeat(5000), text: "t", nonce: "n" };
  assert.deepEqual(fitPayload(content)?.content, { badge: 1, fetch: true, nonce: "n" });
  assert.equal(fitPayload({ ...content, nonce: "n".repeat(5000) }), null);
  assert.equal(fitPayload({ badge: 1, fetch: false }, { bytesMax: 10 }), null);
});

Deno.test("fitPayload() measures the form that it is given", () => {
  const encode = (content: PushContent) => `${contentJson(content)}${" ".repeat(100)}`;
  const content = { badge: 1, fetch: false, text: "hello" };
  const length = encode(content).length;
  assert.equal(fitPayload(content, { encode, bytesMax: length })?.payload.length, length);
  assert.equal(fitPayload(content, { encode, bytesMax: length - 1 })?.content.fetch, true);
});

Deno.test("fitPayload() never cuts a text, nor passes its limit", () => {
  const limit = 200;
  const words = fc.string({ unit: "binary", maxLength: 120 });
  const contents = fc.record({ badge: fc.nat(), fetch: fc.boolean(), sender: words, text: words });
  fc.assert(fc.property(contents, (content) => {
    const fitted = fitPayload(content, { bytesMax: limit });
    assert.ok(fitted !== null && fitted.payload.length <= limit);
    const { text, sender, fetch } = fitted.content;
    assert.deepEqual(read(fitted.payload), fitted.content);
    if (text !== undefined) assert.deepEqual(fitted.content, wellFormed(content));
    else assert.ok(fetch && (sender === undefined || sender === content.sender.toWellFormed()));
  }));
});

Deno.test("fitPayload() puts U+FFFD where half of a surrogate pair stands", () => {
  const { content } = fitPayload({ badge: 1, fetch: false, sender: "\udd55", text: "a\ud83e" }) ??
    assert.fail("nothing fits");
  assert.deepEqual(content, { badge: 1, fetch: false, sender: "\ufffd", text: "a\ufffd" });
});

function read(payload: Uint8Array<ArrayBuffer> | undefined): unknown {
  return JSON.parse(decoder.decode(payload));
}

function wellFormed(content: Required<Pick<PushContent, "sender" | "text">>): unknown {
  const { sender, text } = content;
  return { ...content, sender: sender.toWellFormed(), text: text.toWellFormed() };
}
