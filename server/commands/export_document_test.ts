import assert from "node:assert/strict";
import type { ExportedMessage, ExportPage, ExportPlace } from "../../rpc/mod.ts";
import { exportDocument } from "./export_document.ts";

const USER = { id: "bob", email: "bob@example.com", registered: Date.UTC(2026, 10, 22) };

function message(id: string, text: string): ExportedMessage {
  const body = JSON.stringify({ id, from: "ann", to: "bob", time: "T", message: text });
  return { id, kind: "message", from: "ann", to: "bob", time: 1, expires: 2000, body };
}

/** Where the page of a number begins. */
function place(page: number): ExportPlace {
  return { part: "mailbox", after: page };
}

/** The document of some pages, the first of which has number 0, the next 1 and so on. */
async function documentOf(first: ExportPage, ...further: readonly ExportPage[]) {
  const parts = [];
  const more = ({ after }: ExportPlace) =>
    Promise.resolve(further[Number(after) - 1] ?? assert.fail("no page"));
  for await (const part of exportDocument(first, more)) parts.push(part);
  return { parts, text: parts.map(({ text }) => text).join("") };
}

Deno.test("exportDocument() writes all that is kept, with times that people can read", async () => {
  const push = { provider: "apns", token: "aa", topic: "app", registered: 1000 } as const;
  const { text } = await documentOf({
    user: USER,
    devices: [
      { user: "bob", id: "phone", platform: "ios", name: "Phone", seen: 5, push },
      { user: "bob", id: "tty", seen: 6 },
    ],
    messages: [message("m1", 'Grüße 😀 "quoted"\n')],
    next: null,
  });
  assert.deepEqual(JSON.parse(text), {
    user: { id: "bob", email: "bob@example.com", registered: "2026-11-22T00:00:00.000Z" },
    devices: [
      {
        device: "phone",
        platform: "ios",
        name: "Phone",
        push: { ...push, registered: "1970-01-01T00:00:01.000Z" },
        seen: "1970-01-01T00:00:00.005Z",
      },
      { device: "tty", seen: "1970-01-01T00:00:00.006Z" },
    ],
    messages: [{
      kind: "message",
      id: "m1",
      from: "ann",
      to: "bob",
      accepted: "1970-01-01T00:00:00.001Z",
      expires: "1970-01-01T00:00:02.000Z",
      time: "T",
      message: 'Grüße 😀 "quoted"\n',
    }],
  });
});

Deno.test("exportDocument() tells receipts from messages", async () => {
  const receipt = { id: "m1", to: "ann", state: "delivered", time: "T" };
  const { text } = await documentOf({
    user: USER,
    devices: [],
    messages: [{ ...message("r1", ""), kind: "receipt", body: JSON.stringify(receipt) }],
    next: null,
  });
  const [exported] = JSON.parse(text).messages;
  assert.deepEqual([exported.kind, exported.receipt], ["receipt", receipt]);
});

Deno.test("exportDocument() marks what a device had set aside", async () => {
  const aside = { ...message("m1", "a"), setAside: { device: "tty" } };
  const { text } = await documentOf({
    user: USER,
    devices: [],
    messages: [message("m1", "a"), aside],
    next: null,
  });
  const [kept, marked] = JSON.parse(text).messages;
  assert.deepEqual(marked, { ...kept, setAside: { device: "tty" } });
});

Deno.test("exportDocument() writes each page when it is there, one message a line", async () => {
  const { parts, text } = await documentOf(
    { user: USER, devices: [], messages: [message("m1", "a"), message("m2", "b")], next: place(1) },
    { messages: [], next: place(2) },
    { messages: [message("m3", "c")], next: null },
  );
  assert.deepEqual(parts.map(({ messages }) => messages), [2, 2, 3]);
  const ids = JSON.parse(text).messages.map(({ id }: { id: string }) => id);
  assert.deepEqual(ids, ["m1", "m2", "m3"]);
  const lines = text.split("\n").filter((line) => line.includes('"kind"'));
  assert.deepEqual(lines.map((line) => JSON.parse(line.replace(/,$/, "")).id), ids);
});

Deno.test("exportDocument() writes an empty mailbox", async () => {
  const { text } = await documentOf({ user: USER, devices: [], messages: [], next: null });
  assert.deepEqual(JSON.parse(text).messages, []);
});

Deno.test("exportDocument() goes no further than it is asked to", async () => {
  const pages = exportDocument(
    { user: USER, devices: [], messages: [], next: place(1) },
    () => Promise.reject(new Error("Removed")),
  );
  assert.equal((await pages.next()).done, false);
  await assert.rejects(pages.next(), { message: "Removed" });
});
