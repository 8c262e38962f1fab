import assert from "node:assert/strict";
import { inTurn } from "./in_turn.ts";

Deno.test("inTurn() does all of it, and throws what failed first", async () => {
  const done: number[] = [];
  const job = (number: number) => () => {
    done.push(number);
    return number === 2 ? Promise.resolve() : Promise.reject(new Error(`${number}`));
  };
  await assert.rejects(inTurn([1, 2, 3].map(job)), { message: "1" });
  assert.deepEqual(done, [1, 2, 3]);
  async function* later() {
    yield job(2);
    await Promise.resolve();
    yield job(2);
  }
  await inTurn(later());
  assert.deepEqual(done, [1, 2, 3, 2, 2]);
});
