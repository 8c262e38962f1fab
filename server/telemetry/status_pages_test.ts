import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { createFakeSources } from "./fake_sources.ts";
import { Health } from "./health.ts";
import { StatusPages } from "./status_pages.ts";

const STRANGER = new Headers();
const TOKEN = "a-token-that-only-operators-have-0123";

Deno.test("StatusPages.answer() says why the server is not ready, and that one may ask again", async () => {
  let isRefusing = false;
  const probe = () => isRefusing ? Promise.reject(new Error("disk")) : Promise.resolve();
  const clock = new FakeClock();
  const health = new Health({ clock, store: { probe } });
  const pages = new StatusPages({ health, sources: createFakeSources() });
  const answer = async () => {
    const response = await pages.answer("/readyz", STRANGER);
    return [response.status, await response.text(), response.headers.get("retry-after")];
  };
  assert.deepEqual(await answer(), [200, "ready\n", null]);
  isRefusing = true;
  clock.advance(1000);
  assert.deepEqual(await answer(), [503, "not ready: the store cannot be written\n", "5"]);
});

Deno.test("StatusPages.has() knows of no closed page where no token opens it", () => {
  const health = new Health({ clock: new FakeClock(), store: { probe: () => Promise.resolve() } });
  const parts = { health, sources: createFakeSources() };
  const known = (pages: StatusPages, asker: "operator" | Headers) =>
    ["/healthz", "/readyz", "/metrics", "/debug/vars", "/", "/debug"]
      .filter((path) => pages.has(path, asker));
  const bare = new StatusPages(parts);
  assert.deepEqual(known(bare, STRANGER), ["/healthz", "/readyz"]);
  const all = ["/healthz", "/readyz", "/metrics", "/debug/vars"];
  assert.deepEqual(known(bare, "operator"), all);
  assert.deepEqual(known(new StatusPages({ ...parts, token: TOKEN }), STRANGER), all);
});
