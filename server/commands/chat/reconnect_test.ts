import assert from "node:assert/strict";
import { CLOSE } from "../../close_code.ts";
import { isFinal, reconnectDelay } from "./reconnect.ts";

/** The longest delays of failures in a row. */
function longest(code: number, reason = ""): number[] {
  return [1, 2, 3, 7, 8, 60].map((failures) => reconnectDelay({ code, reason }, failures, 1));
}

Deno.test("isFinal() follows the table of close codes", () => {
  for (const [name, end] of Object.entries(CLOSE)) {
    const { code } = end;
    const expected = (code >= 4400 && code <= 4499) || code < 4000;
    assert.equal(isFinal(end), expected, name);
  }
});

Deno.test("isFinal() comes back after a connection that broke, or a server that restarts", () => {
  for (const code of [1001, 1005, 1006, 1011, 1012, 1013]) {
    assert.equal(isFinal({ code, reason: "" }), false, `${code}`);
  }
});

Deno.test("reconnectDelay() doubles up to a limit, with full jitter", () => {
  assert.deepEqual(longest(1006), [500, 1000, 2000, 30_000, 30_000, 30_000]);
  assert.equal(reconnectDelay({ code: 1006, reason: "" }, 3, 0), 0);
  assert.equal(reconnectDelay({ code: 1006, reason: "" }, 3, 0.5), 1000);
});

Deno.test("reconnectDelay() is nothing where the server says so, once", () => {
  assert.deepEqual(longest(4000), [0, 1000, 2000, 30_000, 30_000, 30_000]);
});

Deno.test("reconnectDelay() honours the delay in the reason", () => {
  for (const [name, seconds] of [["flood", 5], ["goingAway", 2], ["unavailable", 5]] as const) {
    assert.equal(reconnectDelay(CLOSE[name], 1, 0), seconds * 1000, name);
  }
  assert.deepEqual(longest(4101, "Reconnect after 2 s"), [
    3000,
    3000,
    4000,
    32_000,
    32_000,
    32_000,
  ]);
});

Deno.test("reconnectDelay() bears a reason without a delay", () => {
  assert.equal(reconnectDelay({ code: 4199, reason: "" }, 1, 0.5), 500);
});
