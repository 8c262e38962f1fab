import assert from "node:assert/strict";
import fc from "fast-check";
import { CID_BYTES_MAX, DEVICE_ID_BYTES_MAX, USER_ID_BYTES_MAX } from "../limits.ts";
import { ECHO_USER, parseCid, parseDeviceId, parseUserId } from "./user_id.ts";

const parsers = [
  ["parseUserId()", parseUserId, USER_ID_BYTES_MAX],
  ["parseDeviceId()", parseDeviceId, DEVICE_ID_BYTES_MAX],
  ["parseCid()", parseCid, CID_BYTES_MAX],
] as const;

for (const [name, parse, max] of parsers) {
  Deno.test(`${name} takes ids up to the limit in bytes and none past it`, () => {
    assert.equal(parse("a".repeat(max)), "a".repeat(max));
    assert.equal(parse("a".repeat(max + 1)), undefined);
    // Two bytes each.
    assert.equal(parse("ö".repeat(max / 2)), "ö".repeat(max / 2));
    assert.equal(parse("ö".repeat(max / 2) + "a"), undefined);
    assert.equal(parse("ö".repeat(max)), undefined);
  });

  Deno.test(`${name} refuses what is empty, blank, invisible or broken`, () => {
    const unfit = [
      "",
      " ",
      "a b",
      "a\tb",
      "a\nb",
      "a\0b",
      "a\u007fb",
      "a\u0085b",
      "a\u00a0b",
      "a\u200bb",
      "a\u202eb",
      "a\u2028b",
      "a\ufeffb",
      "a\u2800b",
      "a\u3164b",
      "a\uffa0b",
      "\u2764\ufe0f",
      "a\ud800b",
    ];
    for (const id of unfit) assert.equal(parse(id), undefined, JSON.stringify(id));
  });

  Deno.test(`${name} takes the names of object members as any other`, () => {
    for (const id of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      assert.equal(parse(id)?.toLowerCase(), id.toLowerCase());
    }
  });

  Deno.test(`${name} answers a form that is its own normal form, and never throws`, () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 40 }), (value) => {
      const id = parse(value);
      if (id === undefined) return;
      assert.equal(parse(id), id);
      assert.ok(id.isWellFormed() && new TextEncoder().encode(id).length <= max);
    }));
  });
}

Deno.test("parseUserId() brings capitals and combining signs into one form", () => {
  assert.equal(parseUserId("Ann@Example.COM"), "ann@example.com");
  assert.equal(parseUserId("J\u00dcRGEN"), "j\u00fcrgen");
  assert.equal(parseUserId("JU\u0308RGEN"), "j\u00fcrgen");
  // The Kelvin sign is the letter K.
  assert.equal(parseUserId("\u212a"), "k");
  assert.equal(parseUserId("ECHO"), ECHO_USER);
});

Deno.test("parseDeviceId() tells upper from lower case", () => {
  assert.equal(parseDeviceId("Phone"), "Phone");
  assert.equal(parseDeviceId("u\u0308"), "\u00fc");
});

Deno.test("parseCid() leaves what it takes as it is", () => {
  assert.equal(parseCid("u\u0308"), "u\u0308");
});
