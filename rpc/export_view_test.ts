import assert from "node:assert/strict";
import type { ExportedMessage, ExportPage } from "./accounts.ts";
import { exportView, viewOfExport } from "./export_view.ts";
import { bodyOf, receiptBody } from "./message.ts";

const NOW = Date.UTC(2026, 10, 22, 16);
const TIME = "2026-11-22T16:00:00.000Z";
const EARLIER = "2026-11-22T15:59:00.000Z";
const SENT = { id: "ID1", from: "bob", to: "ann", message: 'Hello "Ann" 😀\n' };
const ENVELOPE = { id: "ID1", from: "bob", to: "ann", accepted: TIME, expires: TIME };
const MESSAGE: ExportedMessage = {
  kind: "message",
  id: "ID1",
  from: "bob",
  to: "ann",
  time: NOW,
  expires: NOW,
  body: bodyOf({ ...SENT, time: EARLIER }),
};

/** What is told of a page, which its schema takes as it is. */
function told(page: Partial<ExportPage>): object {
  const view = viewOfExport({ messages: [], next: null, ...page });
  assert.deepEqual(exportView.parse(view), view);
  assert.deepEqual(JSON.parse(JSON.stringify(view)), view);
  return view;
}

Deno.test("viewOfExport() tells a page without what the first one has", () => {
  assert.deepEqual(told({}), { messages: [], next: null });
  assert.deepEqual(told({ next: { part: "aside", after: null } }), { messages: [], next: "a" });
});

Deno.test("viewOfExport() tells the user and the devices, with push tokens and nothing undefined", () => {
  const push = { provider: "apns", token: "aa", topic: "app", registered: NOW } as const;
  const page = told({
    user: { id: "ann", email: "ann@example.org", registered: NOW },
    devices: [
      { user: "ann", id: "phone", platform: "ios", name: "Phone", seen: NOW, push },
      { user: "ann", id: "tty", seen: NOW },
    ],
  });
  assert.deepEqual(page, {
    user: { id: "ann", email: "ann@example.org", registered: TIME },
    devices: [
      {
        device: "phone",
        platform: "ios",
        name: "Phone",
        push: { provider: "apns", token: "aa", topic: "app", registered: TIME },
        seen: TIME,
      },
      { device: "tty", seen: TIME },
    ],
    messages: [],
    next: null,
  });
});

Deno.test("viewOfExport() tells messages, and which of them a device had set aside", () => {
  const message = { kind: "message", ...ENVELOPE, time: EARLIER, message: SENT.message };
  assert.deepEqual(told({ messages: [MESSAGE, { ...MESSAGE, setAside: { device: "tty" } }] }), {
    messages: [message, { ...message, setAside: { device: "tty" } }],
    next: null,
  });
});

Deno.test("viewOfExport() tells receipts as msg.receipt does", () => {
  const receipt = { id: "ID0", to: "bob", state: "delivered", time: EARLIER } as const;
  const kept: ExportedMessage = { ...MESSAGE, kind: "receipt", body: receiptBody(receipt) };
  assert.deepEqual(told({ messages: [kept] }), {
    messages: [{ kind: "receipt", ...ENVELOPE, receipt }],
    next: null,
  });
});
