import assert from "node:assert/strict";
import { HostNames } from "./host_names.ts";

/** A resolver that answers for names with "live" at once, and for others when it is told. */
function createResolver() {
  const asked: string[] = [];
  const held = Promise.withResolvers<void>();
  const names = new HostNames(async (host) => {
    asked.push(host);
    if (host.startsWith("live")) return ["192.0.2.1"];
    await held.promise;
    throw Object.assign(new Error("No such host"), { code: "ENOTFOUND" });
  });
  return { names, asked, held };
}

Deno.test("HostNames.resolve() answers for a known name while others hang", async () => {
  const { names, asked, held } = createResolver();
  assert.deepEqual(await names.resolve("live.example"), ["192.0.2.1"]);
  const lost = Array.from({ length: 200 }, (_, n) => names.resolve(`lost${n}.example`));
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(asked.length, 21);
  assert.deepEqual(await names.resolve("live.example"), ["192.0.2.1"]);
  await assert.rejects(names.resolve("one.more.example"), { code: "EAI_AGAIN" });
  held.resolve();
  for (const one of lost) await assert.rejects(one, { code: "ENOTFOUND" });
  assert.deepEqual(await names.resolve("live2.example"), ["192.0.2.1"]);
});

Deno.test("HostNames.resolve() has a known name wait like others once it led nowhere", async () => {
  let isThere = true;
  let asked = 0;
  const held = Promise.withResolvers<never>();
  const names = new HostNames((host) => {
    asked++;
    if (host !== "host.example") return held.promise;
    return isThere ? Promise.resolve(["192.0.2.1"]) : Promise.reject(new Error("Gone"));
  });
  await names.resolve("host.example");
  isThere = false;
  await assert.rejects(names.resolve("host.example"), /Gone/);
  const lost = Array.from({ length: 20 }, (_, n) => names.resolve(`lost${n}.example`));
  const again = names.resolve("host.example");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(asked, 22);
  held.reject(new Error("Nobody"));
  for (const one of [...lost]) await assert.rejects(one, /Nobody/);
  await assert.rejects(again, /Gone/);
});
