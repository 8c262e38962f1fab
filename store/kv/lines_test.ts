import assert from "node:assert/strict";
import fc from "fast-check";
import { makeEntry } from "./fake_entries.ts";
import {
  cursorLine,
  entryLine,
  forgottenLine,
  type Line,
  parseLines,
  place,
  removedLine,
} from "./lines.ts";

/** Any text without a control character, as the ports allow for ids: `store.ts`. */
const idText = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((text) =>
  text.isWellFormed() && !/\p{Cc}/u.test(text)
);

/** A body has no line break and no tab, and may have anything else. */
const bodyText = fc.string({ unit: "binary", maxLength: 200 }).filter((text) =>
  text.isWellFormed() && !/[\n\t]/.test(text)
);

const position = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const entry = fc.record({
  id: idText,
  kind: fc.constantFrom("message" as const, "receipt" as const),
  sender: idText,
  from: idText,
  to: idText,
  device: idText,
  time: position,
  expires: position,
  cid: fc.option(idText, { nil: undefined }),
  fingerprint: fc.option(idText, { nil: undefined }),
  receipt: fc.boolean(),
  urgent: fc.boolean(),
  body: bodyText,
  bytes: fc.nat(),
}).chain((draft) =>
  fc.tuple(position, fc.boolean()).map(([at, copied]) => place(draft, at, copied))
);

const reach = fc.record({
  provider: fc.constantFrom("fcm" as const, "apns" as const, "web" as const),
  upTo: position,
  at: position,
}, { noNullPrototype: true });

const cursorState = fc.record({ position, sent: position, live: fc.boolean(), reach }, {
  noNullPrototype: true,
  requiredKeys: ["position", "sent", "live"],
});

const line: fc.Arbitrary<readonly [text: string, line: Line]> = fc.oneof(
  entry.map((entry) => [entryLine(entry), { kind: "entry", entry }] as const),
  fc.tuple(
    idText,
    idText,
    cursorState,
    position.map((upTo) => `0-${upTo}`),
  ).map(([user, device, state, acknowledged]) =>
    [
      cursorLine(user, device, state, acknowledged),
      { kind: "cursor", user, device, state, acknowledged },
    ] as const
  ),
  fc.tuple(idText, idText, position).map(([user, device, born]) =>
    [forgottenLine(user, device, born), { kind: "forgotten", user, device, born }] as const
  ),
  idText.map((user) => [removedLine(user), { kind: "removed", user }] as const),
);

Deno.test("parseLines() reads back whatever the line functions wrote, in order", () => {
  fc.assert(fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
    const text = lines.map(([text]) => text).join("");
    assert.deepEqual([...parseLines(text)], lines.map(([, line]) => line));
  }));
});

Deno.test("parseLines() reads nothing in an empty text", () => {
  assert.deepEqual([...parseLines("")], []);
});

Deno.test("parseLines() keeps every flag of an entry apart", () => {
  for (const kind of ["message", "receipt"] as const) {
    for (const receipt of [false, true]) {
      for (const copied of [false, true]) {
        const entry = makeEntry(1, { kind, receipt, copied });
        assert.deepEqual([...parseLines(entryLine(entry))], [{ kind: "entry", entry }]);
      }
    }
  }
});

Deno.test("parseLines() throws at a line that was cut off, and not before it", () => {
  const lines = parseLines(removedLine("bob") + "x\tali");
  assert.deepEqual(lines.next().value, { kind: "removed", user: "bob" });
  assert.throws(() => lines.next(), /a line has no end/);
});

Deno.test("parseLines() throws at a line of an unknown kind or with other fields", () => {
  const lines = [entryLine(makeEntry(1)), forgottenLine("bob", "phone", 1), removedLine("bob")];
  lines.push(cursorLine("bob", "phone", { position: 1, sent: 1, live: true }, "0-1"));
  for (const line of lines) {
    const fields = line.slice(0, -1).split("\t");
    for (const bad of [fields.slice(0, -1), [...fields, ""], ["z", ...fields.slice(1)]]) {
      assert.throws(() => [...parseLines(`${bad.join("\t")}\n`)], /a line is not understood/);
    }
  }
  assert.throws(() => [...parseLines("\n")], /a line is not understood/);
});
