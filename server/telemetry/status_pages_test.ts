import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { Health } from "./health.ts";
import { StatusPages } from "./status_pages.ts";

Deno.test("StatusPages.answer() says why the server is not ready, and that one may ask again", async () => {
  let isRefusing = false;
  const probe = () => isRefusing ? Promise.reject(new Error("disk")) : Promise.resolve();
  const clock = new FakeClock();
  const pages = new StatusPages(new Health({ clock, store: { probe } }));
  assert.deepEqual(["/healthz", "/readyz", "/", "/health"].map((path) => pages.has(path)), [
    true,
    true,
    false,
    false,
  ]);
  const answer = async () => {
    const { status, headers, ...rest } = await pages.answer("/readyz")
      .then(async (it) => ({ status: it.status, headers: it.headers, text: await it.text() }));
    return [status, rest.text, headers.get("retry-after")];
  };
  assert.deepEqual(await answer(), [200, "ready\n", null]);
  isRefusing = true;
  clock.advance(1000);
  assert.deepEqual(await answer(), [503, "not ready: the store cannot be written\n", "5"]);
});
