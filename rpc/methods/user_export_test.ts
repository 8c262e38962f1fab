import assert from "node:assert/strict";
import type { ExportedMessage } from "../accounts.ts";
import { ANN, FakeServices, FakeSession, NOW } from "../fake_session.ts";
import { bodyOf, receiptBody } from "../message.ts";
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
const RECEIPT = { id: "ID0", to: "bob", state: "delivered", time: EARLIER } as const;

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
    next: 17,
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
    next: 17,
  });
  assert.deepEqual(services.accounts.calls, [["exportUser", "ann", 0]]);
});

Deno.test("user.export tells receipts as msg.receipt does", async () => {
  const services = new FakeServices();
  const envelope = { id: "ID2", from: "bob", to: "ann" };
  const body = receiptBody(RECEIPT);
  const receipt: ExportedMessage = { ...ENVELOPE, ...envelope, kind: "receipt", body };
  services.accounts.page = { messages: [receipt], next: null };
  assert.deepEqual(await userExport.call({ after: 17 }, new FakeSession(ANN), services), {
    messages: [
      { kind: "receipt", ...envelope, accepted: TIME, expires: EXPIRES, receipt: RECEIPT },
    ],
    next: null,
  });
  assert.deepEqual(services.accounts.calls, [["exportUser", "ann", 17]]);
});

Deno.test("user.export refuses a place that no page named", () => {
  const services = new FakeServices();
  for (const after of [-1, 1.5, "17", null, 2 ** 53]) {
    const call = () => userExport.call({ after }, new FakeSession(ANN), services);
    assert.throws(call, { key: "invalid_params" });
  }
  assert.deepEqual(services.accounts.calls, []);
});

Deno.test("user.export needs a user", () => {
  const call = () => userExport.call({ after: "x" }, new FakeSession(), new FakeServices());
  assert.throws(call, { key: "unauthenticated" });
});
