import assert from "node:assert/strict";
import { describeError } from "./described_error.ts";

/** An error that is thrown in a function with a name. */
function failing(message: string, options?: ErrorOptions): Error {
  return new Error(message, options);
}

Deno.test("describeError() tells the name and the frames, and not the message", () => {
  const described = describeError(failing("the secret"), []);
  assert.deepEqual(Object.keys(described), ["name", "frames"]);
  assert.equal(described.name, "Error");
  assert.match(described.frames[0] ?? "", /^failing \(file:.*described_error_test\.ts:\d+:\d+\)$/);
});

Deno.test("describeError() tells the message of an own error, of subclasses too", () => {
  class OwnError extends RangeError {
    override readonly name = "OwnError";
  }
  const described = describeError(new OwnError("own words"), [RangeError]);
  assert.deepEqual([described.name, described.message], ["OwnError", "own words"]);
});

Deno.test("describeError() takes nothing for a frame that stands in the message", () => {
  const frame = "    at secret (file:///secret.ts:1:1)";
  for (const message of [`\n${frame}`, `x\n${frame}\n${frame}`, `${frame}\n`, "", "\n"]) {
    const described = describeError(failing(message), []);
    assert.match(described.frames[0] ?? "", /^failing/);
    assert.ok(!JSON.stringify(described).includes("secret"));
  }
});

Deno.test("describeError() tells no frames where the message was changed later", () => {
  const error = failing("\n    at secret (file:///secret.ts:1:1)");
  // The stack is written when it is first read.
  assert.ok(error.stack?.includes("secret"));
  error.message = "another";
  assert.deepEqual(describeError(error, []).frames, []);
});

Deno.test("describeError() tells codes and names only where they are words", () => {
  const error = Object.assign(failing("x"), { code: "ENOSPC", name: "Timeout" });
  assert.deepEqual([describeError(error, []).code, describeError(error, []).name], [
    "ENOSPC",
    "Timeout",
  ]);
  Object.assign(error, { code: "the secret", name: "the secret" });
  assert.ok(!JSON.stringify(describeError(error, [])).includes("secret"));
  Object.assign(error, { code: 4401 });
  assert.equal(describeError(error, []).code, undefined);
});

Deno.test("describeError() follows causes, but not for ever", () => {
  const error = failing("first", { cause: failing("second", { cause: "the secret" }) });
  const described = describeError(error, []);
  assert.equal(described.cause?.name, "Error");
  assert.deepEqual(described.cause?.cause, { name: "string", frames: [] });
  const circular = failing("round");
  circular.cause = circular;
  let depth = 0;
  for (let at = describeError(circular, []).cause; at !== undefined; at = at.cause) depth++;
  assert.equal(depth, 3);
});

Deno.test("describeError() describes what is no error by its type", () => {
  for (const thrown of ["the secret", 5, undefined, null, { message: "the secret" }, Symbol("x")]) {
    assert.deepEqual(describeError(thrown, []), { name: typeof thrown, frames: [] });
  }
});
