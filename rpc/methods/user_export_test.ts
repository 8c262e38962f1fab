import assert from "node:assert/strict";
import type { ExportedMessage } from "../accounts.ts";
import { ANN, FakeServices, FakeSession, NOW } from "../fake_session.ts";
import { bodyOf } from "../message.ts";
import { userExport } from "./user_export.ts";

const TIME = "2026-11-22T16:00:00.000Z";
const EARLIER = "2026-11-22T15:59:00.000Z";
const EXPIRES = "2026-11-22T16:00:01.000Z";
const ENVELOPE = { time: NOW, expires: NOW + 1000 };
const SENT = { id: "ID1", from: "bob", to: "ann", message: 'Hello "Ann"\n' };
const MESSAGE: ExportedMessage = {
  ...ENVELOPE,
  kind: "message",
  id: "ID1",
  from: "bob",
  to: "ann",
  body: bodyOf({ ...SENT, time: EARLIER }),
};

Deno.test("user.export tells the user, the devices and the first messages", async () => {
  const services = new FakeServices();
  const push = { provider: "fcm", token: "t", registered: NOW } as const;
  const user = { id: "ann", name: "Ann", registered: NOW };
  services.accounts.page = {
    user,
    devices: [
      { user: "ann", id: "__proto__", seen: NOW },
      { user: "ann", id: "phone", platform: "android", name: "Ann's", push, seen: NOW },
    ],
    messages: [MESSAGE],
    next: { part: "mailbox", after: 17 },
  };
  assert.deepEqual(await userExport.call(undefined, new FakeSession(ANN), services), {
    user: { ...user, registered: TIME },
    devices: [
      { device: "__proto__", seen: TIME },
      {
        device: "phone",
        platform: "android",
        name: "Ann's",
        push: { ...push, registered: TIME },
        seen: TIME,
      },
    ],
    messages: [{ kind: "message", ...SENT, time: EARLIER, accepted: TIME, expires: EXPIRES }],
    next: "m17",
  });
  assert.deepEqual(services.accounts.calls, [["exportUser", "ann", null]]);
});

Deno.test("user.export goes on where the page before says", async () => {
  const services = new FakeServices();
  const places = [
    ["m17", { part: "mailbox", after: 17 }],
    ["a", { part: "aside", after: null }],
    ["a17:phone", { part: "aside", after: { position: 17, device: "phone" } }],
  ] as const;
  for (const [text, place] of places) {
    services.accounts.page = { messages: [], next: place };
    const page = await userExport.call({ after: text }, new FakeSession(ANN), services);
    assert.deepEqual(page, { messages: [], next: text });
    assert.deepEqual(services.accounts.calls.at(-1), ["exportUser", "ann", place]);
  }
});

Deno.test("user.export refuses a place that no page named", () => {
  const services = new FakeServices();
  for (const after of [-1, 0, 17, null, "", "17", "m-1", "m01", "a1", `a1:${"x".repeat(65)}`]) {
    const call = () => userExport.call({ after }, new FakeSession(ANN), services);
    assert.throws(call, { key: "invalid_params", message: /params\.after must be/ });
  }
  assert.deepEqual(services.accounts.calls, []);
});

Deno.test("user.export needs a user", () => {
  const call = () => userExport.call({ after: "x" }, new FakeSession(), new FakeServices());
  assert.throws(call, { key: "unauthenticated" });
});
