import assert from "node:assert/strict";
import { abortable } from "./abortable.ts";

Deno.test("abortable() answers what the promise does", async () => {
  const { signal } = new AbortController();
  assert.equal(await abortable(Promise.resolve(7), signal), 7);
  await assert.rejects(abortable(Promise.reject(new Error("No")), signal), { message: "No" });
});

Deno.test("abortable() throws the reason of the signal, before or while it waits", async () => {
  const ending = new AbortController();
  const waiting = abortable(new Promise(() => {}), ending.signal);
  ending.abort("late");
  await assert.rejects(waiting, (reason) => reason === "late");
  await assert.rejects(abortable(Promise.resolve(7), ending.signal), (reason) => reason === "late");
});
