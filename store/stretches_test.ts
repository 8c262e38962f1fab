import assert from "node:assert/strict";
import fc from "fast-check";
import { Stretches } from "./stretches.ts";

const stretch = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)]);

Deno.test("Stretches holds exactly the positions that were added", () => {
  fc.assert(fc.property(fc.array(stretch, { maxLength: 12 }), (added) => {
    const stretches = new Stretches();
    for (const [after = 0, upTo = 0] of added) stretches.add(after, upTo);
    const again = Stretches.parse(stretches.toString());
    assert.equal(again.toString(), stretches.toString());
    for (let position = 0; position <= 61; position++) {
      const expected = added.some(([after = 0, upTo = 0]) => after < position && position <= upTo);
      assert.equal(stretches.has(position), expected, `position ${position}`);
      let end = position;
      while (stretches.has(end + 1)) end++;
      assert.equal(stretches.endAfter(position), end);
    }
  }));
});

Deno.test("Stretches closes the lowest gap when there are too many", () => {
  const stretches = new Stretches();
  for (let at = 0; at < 16; at++) stretches.add(at * 10, at * 10 + 1);
  assert.equal(stretches.has(5), false);
  stretches.add(1000, 1001);
  assert.equal(stretches.has(5), true);
  assert.equal(stretches.has(15), false);
  assert.equal(stretches.has(1001), true);
});

Deno.test("Stretches.addAll() joins two sets", () => {
  const stretches = Stretches.parse("0-3,10-12");
  stretches.addAll(Stretches.parse("3-5,11-20"));
  assert.equal(stretches.toString(), "0-5,10-20");
  assert.equal(Stretches.parse("").toString(), "");
});
