import assert from "node:assert/strict";
import { AnsweredError } from "../harness/client.ts";
import { patiently } from "./patiently.ts";

Deno.test("patiently() tries again where a retry helps, and only there", async () => {
  let tries = 0;
  const answer = await patiently(() => {
    tries++;
    if (tries === 1) return Promise.reject(new Error("Connection failed"));
    const data = { retryable: true };
    if (tries === 2) return Promise.reject(new AnsweredError({ code: 1, message: "busy", data }));
    return Promise.resolve("done");
  });
  assert.deepEqual([answer, tries], ["done", 3]);
  const refused = new AnsweredError({ code: 2, message: "no", data: { retryable: false } });
  await assert.rejects(
    patiently(() => {
      tries++;
      return Promise.reject(refused);
    }),
    refused,
  );
  assert.equal(tries, 4);
});
