import assert from "node:assert/strict";
import fc from "fast-check";
import { kindOf, shown, textOf } from "./setting_text.ts";

Deno.test("textOf() takes a text as it is, whatever else could stand there", () => {
  for (const form of [undefined, "number", "choice", "list", "json"] as const) {
    assert.equal(textOf(" a,b ", form), " a,b ");
  }
});

Deno.test("textOf() writes each type of value only where it belongs", () => {
  const values = { number: 5, choice: true, list: ["a", "b"], json: { a: 1 } } as const;
  const texts = { number: "5", choice: "true", list: "a,b", json: '{"a":1}' } as const;
  const forms = ["number", "choice", "list", "json"] as const;
  for (const form of forms) {
    assert.equal(textOf(values[form], form), texts[form]);
    assert.equal(textOf(values[form], undefined), undefined);
    const others = forms.filter((other) =>
      other !== form && !(form === "list" && other === "json")
    );
    for (const other of others) assert.equal(textOf(values[form], other), undefined, other);
  }
  for (const form of [undefined, ...forms]) assert.equal(textOf(null, form), undefined);
});

Deno.test("textOf() writes every whole number with its digits alone", () => {
  assert.equal(textOf(1e21, "number"), "1000000000000000000000");
  fc.assert(fc.property(fc.maxSafeInteger(), (number) => {
    assert.match(textOf(number, "number") ?? "", /^-?\d+$/);
  }));
});

Deno.test("textOf() joins no entry that would come apart again", () => {
  assert.equal(textOf([], "list"), "");
  for (const entry of ["a,b", "a\nb", "", " ", 5, null]) {
    assert.equal(textOf(["x", entry], "list"), undefined, String(entry));
  }
});

Deno.test("kindOf() says what a value is, and not what it says", () => {
  assert.equal(kindOf(null), "null");
  assert.equal(kindOf({ secret: 1 }), "a table");
  assert.equal(kindOf(new Date(0)), "a date or a time");
  assert.equal(kindOf(5), "a number");
  assert.equal(kindOf(true), "a boolean");
  assert.match(kindOf(["secret"]), /^a list, /);
});

Deno.test("shown() is short, and without the password of a URL", () => {
  assert.equal(shown("nats://user:p@ss@host"), "nats://...@host");
  assert.equal(shown("x".repeat(81)), `${"x".repeat(80)}...`);
  assert.equal(shown("x".repeat(80)), "x".repeat(80));
});
