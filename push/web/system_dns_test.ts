import assert from "node:assert/strict";
import { resolveBySystem } from "./system_dns.ts";

Deno.test("resolveBySystem() answers all addresses of a host", async () => {
  assert.ok((await resolveBySystem("localhost")).includes("127.0.0.1"));
});

// No label is that long (RFC 1035 §2.3.4), so nobody has to be asked.
Deno.test("resolveBySystem() throws where there is no such host", async () => {
  const host = `${"a".repeat(64)}.example`;
  await assert.rejects(resolveBySystem(host), { code: "ENOTFOUND" });
});
