import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { FakeLog } from "../fake_world.ts";
import { AdminDoor } from "./admin_door.ts";
import { createFakeSources } from "./fake_sources.ts";
import { Health } from "./health.ts";
import { StatusPages } from "./status_pages.ts";

Deno.test("AdminDoor shows the pages to whoever reaches it, and nothing else", async () => {
  const health = new Health({ clock: new FakeClock(), store: { probe: () => Promise.resolve() } });
  const log = new FakeLog();
  const door = new AdminDoor(new StatusPages({ health, sources: createFakeSources() }), log);
  const status = async (path: string, method = "GET") =>
    (await door.http(new Request(`http://127.0.0.1${path}`, { method }))).status;
  for (const path of ["/healthz", "/readyz", "/metrics", "/debug/vars"]) {
    assert.equal(await status(path), 200, path);
    assert.equal(await status(path, "POST"), 405, path);
  }
  for (const path of ["/", "/rpc", "/push/vapid"]) assert.equal(await status(path), 404, path);
  const decision = door.upgrade();
  assert.ok("refuse" in decision);
  assert.equal(decision.refuse.status, 404);
  door.fault(new Error("x"));
  assert.equal(log.of("connection fault").length, 1);
});
