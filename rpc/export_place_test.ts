import assert from "node:assert/strict";
import { DEVICE_ID_BYTES_MAX } from "../limits.ts";
import {
  EXPORT_PLACE_CHARS_MAX,
  type ExportPlace,
  exportPlace,
  exportPlaceText,
  parseExportPlace,
} from "./export_place.ts";

function aside(position: number, device: string): ExportPlace {
  return { part: "aside", after: { position, device } };
}

const PLACES: readonly (readonly [string, ExportPlace])[] = [
  ["m0", { part: "mailbox", after: 0 }],
  ["m4711", { part: "mailbox", after: 4711 }],
  ["m9007199254740991", { part: "mailbox", after: Number.MAX_SAFE_INTEGER }],
  ["a", { part: "aside", after: null }],
  ["a1:phone", aside(1, "phone")],
  ["a20:1:2", aside(20, "1:2")],
  ["a3:__proto__", aside(3, "__proto__")],
  ["a3:語🐚", aside(3, "語🐚")],
];

Deno.test("exportPlaceText() writes what parseExportPlace() reads", () => {
  for (const [text, place] of PLACES) {
    assert.equal(exportPlaceText(place), text);
    assert.deepEqual(parseExportPlace(text), place);
    assert.deepEqual(exportPlace.parse(text), place);
  }
});

Deno.test("parseExportPlace() reads the longest place, and nothing longer", () => {
  const longest = aside(Number.MAX_SAFE_INTEGER, "d".repeat(DEVICE_ID_BYTES_MAX));
  const text = exportPlaceText(longest);
  assert.equal(text.length, EXPORT_PLACE_CHARS_MAX);
  assert.deepEqual(parseExportPlace(text), longest);
  assert.equal(parseExportPlace(`${text}d`), undefined);
  assert.equal(parseExportPlace(`a1:${"d".repeat(DEVICE_ID_BYTES_MAX + 1)}`), undefined);
});

Deno.test("parseExportPlace() refuses what is no place, or not as it is written", () => {
  const wrong = [
    "",
    "0",
    "17",
    "m",
    "m-1",
    "m01",
    "m1.5",
    "m1e3",
    "m9007199254740992",
    "m99999999999999999",
    "m1 ",
    "m1\n",
    "m1:phone",
    "a:",
    "a1",
    "a1:",
    "a01:phone",
    "a1:pho ne",
    "a1:phone\n",
    "a1:e\u0301",
    "a1:\ud800",
    "b1:phone",
    "A",
  ];
  for (const text of wrong) {
    assert.equal(parseExportPlace(text), undefined, JSON.stringify(text));
    assert.equal(exportPlace.safeParse(text).success, false, JSON.stringify(text));
  }
  for (const value of [0, 17, null, {}, ["m0"]]) {
    assert.equal(exportPlace.safeParse(value).success, false);
  }
});
