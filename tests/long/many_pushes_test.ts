/**
 * The scenes of `../many_pushes_test.ts`, with more people in them.
 */
import { playOneEach, playOutage } from "../pushes/scenes.ts";

Deno.test("10,000 receivers who are away get exactly one push each", async () => {
  console.info(JSON.stringify(await playOneEach(10_000)));
});

Deno.test("APNs cuts every connection for a minute: nothing is lost", async () => {
  console.info(JSON.stringify(await playOutage(6000, { kind: "killed" })));
});
