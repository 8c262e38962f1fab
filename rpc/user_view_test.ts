import assert from "node:assert/strict";
import { NOW } from "./fake_session.ts";
import { userView, viewOfUser } from "./user_view.ts";

Deno.test("viewOfUser() tells what is known of a user, and leaves out what is not", () => {
  const least = { id: "ann", registered: NOW };
  const toldLeast = { id: "ann", registered: "2026-11-22T16:00:00.000Z" };
  assert.deepEqual(viewOfUser(least), toldLeast);
  assert.deepEqual(userView.parse(toldLeast), toldLeast);
  const more = { email: "ann@example.org", name: "Ann", picture: "https://example.org/a.png" };
  assert.deepEqual(viewOfUser({ ...least, ...more }), { ...toldLeast, ...more });
});
