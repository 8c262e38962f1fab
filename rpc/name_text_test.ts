import assert from "node:assert/strict";
import { z } from "zod";
import { invalidParams } from "./invalid_params.ts";
import { isNameText, nameText } from "./name_text.ts";

const name = nameText("A name", 5);

Deno.test("nameText() takes names as people write them, and leaves them as they are", () => {
  const family = "\u{1F468}\u200D\u{1F469}\u200D\u{1F467}";
  const names = [
    "A",
    "Ann B",
    "\u674E\u96F7",
    "Zoe\u0308",
    "\u0639\u0644\u064A",
    family,
    " a ",
    "\u2764\uFE0F",
  ];
  for (const value of names) {
    assert.equal(name.parse(value), value);
    assert.ok(isNameText(value, 5));
  }
  assert.equal(nameText("A name", 64).parse("constructor"), "constructor");
  assert.equal(nameText("A name", 64).parse("__proto__"), "__proto__");
});

Deno.test("nameText() counts characters, and not the units of UTF-16", () => {
  assert.ok(name.safeParse("\u{1F41D}".repeat(5)).success);
  assert.ok(!name.safeParse("\u{1F41D}".repeat(6)).success);
  assert.ok(name.safeParse("x".repeat(5)).success);
  assert.ok(!name.safeParse("x".repeat(6)).success);
  assert.ok(!name.safeParse("x".repeat(100_000)).success);
});

Deno.test("nameText() refuses what is blank, breaks the line, or deceives the eye", () => {
  const blank = ["", " ", "\u3000", "\u200B", "\u2060 ", "\u2800", "\u3164\u115F"];
  const control = ["a\nb", "a\rb", "a\tb", "a\0b", "a\x7Fb", "a\x85b", "a\u2028b", "a\u2029b"];
  const bidi = ["\u061C", "\u200E", "\u200F", "\u202A", "\u202E", "\u2066", "\u2069"];
  const broken = ["a\uD800", "\uDC00a"];
  for (const value of [...blank, ...control, ...bidi.map((it) => `a${it}b`), ...broken]) {
    assert.ok(!name.safeParse(value).success, JSON.stringify(value));
    assert.ok(!isNameText(value, 5));
  }
});

Deno.test("nameText() says what a name must be, and its limit, and not the name", () => {
  const { error } = z.object({ name }).safeParse({ name: "secret name" });
  assert.ok(error !== undefined);
  const { message, data } = invalidParams(error);
  assert.equal(
    message,
    "Invalid params: params.name must be 1 to 5 characters in one line: not blank, " +
      "and none that are control characters or turn the direction of the text",
  );
  assert.equal(data.limit, 5);
});
