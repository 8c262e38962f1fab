import assert from "node:assert/strict";
import fc from "fast-check";
import { EMAIL_CHARS_MAX, parseEmail } from "./email_address.ts";

Deno.test("parseEmail() brings an address into one form, however it is written", () => {
  for (
    const [written, email] of [
      ["ann@example.org", "ann@example.org"],
      ["Ann.Example+Titan@EXAMPLE.Org", "ann.example+titan@example.org"],
      ["Rene\u0301@example.com", "ren\u00e9@example.com"],
      ["\u00c5sa@\u212bngstr\u00f6m.example", "\u00e5sa@\u00e5ngstr\u00f6m.example"],
      ["root@localhost", "root@localhost"],
      ["\u{1f600}@example.org", "\u{1f600}@example.org"],
    ] as const
  ) {
    assert.equal(parseEmail(written), email);
  }
});

Deno.test("parseEmail() takes addresses up to the limit, counted in the form that is kept", () => {
  const email = (length: number) => "a@".padEnd(length, "b");
  assert.equal(parseEmail(email(EMAIL_CHARS_MAX))?.length, EMAIL_CHARS_MAX);
  assert.equal(parseEmail(email(EMAIL_CHARS_MAX + 1)), undefined);
  const apart = "e\u0301".repeat(EMAIL_CHARS_MAX - 2) + "@b";
  assert.equal(parseEmail(apart)?.length, EMAIL_CHARS_MAX);
  // Its small letter is two characters.
  assert.equal(parseEmail("\u0130".repeat(EMAIL_CHARS_MAX - 2) + "@b"), undefined);
});

Deno.test("parseEmail() refuses what is no address", () => {
  const wrong = ["", "@", "a@", "@b", "nowhere", "a@b@c", "a b@c", " a@b", "a@b\n", "a@b\u200bc"];
  for (const value of [...wrong, "a\u0000@b", "\ud800@b", "a@\u2028b", "a\u00a0@b"]) {
    assert.equal(parseEmail(value), undefined, JSON.stringify(value));
  }
});

Deno.test("parseEmail() leaves an address as it is that is in normal form", () => {
  const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  fc.assert(fc.property(part, part, (name, host) => {
    const email = parseEmail(`${name}@${host}`);
    fc.pre(email !== undefined);
    assert.equal(parseEmail(email), email);
  }));
});
