import assert from "node:assert/strict";
import { EXPORT_PAGE_BYTES_MAX, EXPORT_PAGE_MESSAGES_MAX } from "../limits.ts";
import type { ExportedMessage, ExportPage, ExportPlace } from "../rpc/mod.ts";
import { MemoryStore } from "../store/memory/mod.ts";
import type { Entry } from "../store/mod.ts";
import { AMPLE } from "./fake_world.ts";
import { exportPage } from "./user_export.ts";

const NOW = Date.UTC(2026, 10, 22);

/** Pages of one export here, at most. */
const PAGES_MAX = 100;

/** A store in memory with bob in it. */
async function scratch() {
  const store = new MemoryStore({ limits: AMPLE, now: () => NOW });
  await store.users.create({ id: "bob", registered: NOW });
  const entries = new Map<string, Entry>();
  store.listen({
    committed: (news) => news.entries.forEach((entry) => entries.set(entry.id, entry)),
  });
  return {
    store,
    /** Sends bob a message of so many bytes. */
    async send(id: string, bytes = 10) {
      const body = `"${id}`.padEnd(bytes - 1, "x") + '"';
      const people = { sender: "ann", from: "ann", to: "bob", device: "phone" };
      const times = { time: NOW, expires: NOW + 1000 };
      const draft = {
        id,
        kind: "message",
        ...people,
        ...times,
        receipt: false,
        urgent: false,
        body,
      } as const;
      await store.mailboxes.append([{ ...draft, bytes: body.length }]);
      const entry = entries.get(id);
      assert.ok(entry, "The message is committed");
      return entry;
    },
    /** Sends one that a device of bob's sets aside and all have acknowledged. */
    async setAside(id: string, bytes = 10, device = "tty") {
      const { mailboxes } = store;
      const entry = await this.send(id, bytes);
      await mailboxes.setAside("bob", device, entry);
      await mailboxes.attach("bob", "reader", "oldest");
      mailboxes.acknowledge("bob", "reader", entry.position);
      await mailboxes.forget("bob", "reader");
    },
    /** All pages, each of which keeps to the limits. */
    async pages(): Promise<readonly ExportPage[]> {
      const pages: ExportPage[] = [];
      let after: ExportPlace | null = null;
      while (pages.length < PAGES_MAX) {
        const page: ExportPage | null = await exportPage(store, "bob", after);
        assert.ok(page, "Bob is there");
        assert.ok(page.messages.length <= EXPORT_PAGE_MESSAGES_MAX);
        assert.ok(bytesOf(page) <= EXPORT_PAGE_BYTES_MAX);
        pages.push(page);
        if (page.next === null) return pages;
        after = page.next;
      }
      throw new Error("Cannot read the export: it does not end");
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function bytesOf({ messages }: ExportPage): number {
  return messages.reduce((sum, { body }) => sum + body.length, 0);
}

/** The messages of each page, those set aside with their device. */
function namesOf(pages: readonly ExportPage[]): string[][] {
  const nameOf = ({ id, setAside }: ExportedMessage) =>
    setAside === undefined ? id : `${id}@${setAside.device}`;
  return pages.map(({ messages }) => messages.map(nameOf));
}

/** `m0` and so on. */
function names(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `m${n}`);
}

Deno.test("exportPage() answers the user, the devices without sessions, and messages as they are", async () => {
  await using place = await scratch();
  const session = { id: "secret", began: 1, generation: 1, expires: 9 };
  const device = { user: "bob", id: "phone", seen: 3 };
  await place.store.devices.change("bob", "phone", 10, () => ({ ...device, session }));
  const { body, time, expires } = await place.send("m0");
  const message = { id: "m0", kind: "message", from: "ann", to: "bob", time, expires, body };
  assert.deepEqual(await place.pages(), [
    { user: { id: "bob", registered: NOW }, devices: [device], messages: [message], next: null },
  ]);
});

Deno.test("exportPage() answers what was set aside behind the mailbox, on the same page", async () => {
  await using place = await scratch();
  await place.setAside("a0");
  await place.setAside("a1", 10, "desk");
  assert.deepEqual(namesOf(await place.pages()), [["a1@desk", "a0@tty"]]);
  await place.send("m0");
  // Another device has not acknowledged it: it is in both.
  await place.store.mailboxes.setAside("bob", "tty", await place.send("m1"));
  assert.deepEqual(namesOf(await place.pages()), [["m0", "m1", "a1@desk", "a0@tty", "m1@tty"]]);
});

Deno.test("exportPage() fills pages with messages up to their number, set aside or not", async () => {
  const max = EXPORT_PAGE_MESSAGES_MAX;
  for (const [kept, lengths] of [[1, [4]], [max - 1, [max, 2]], [max, [max, 3]]] as const) {
    await using place = await scratch();
    for (const id of ["a0", "a1", "a2"]) await place.setAside(id);
    for (const id of names(kept)) await place.send(id);
    const pages = namesOf(await place.pages());
    assert.deepEqual(pages.map(({ length }) => length), lengths);
    assert.deepEqual(pages.flat(), [...names(kept), "a0@tty", "a1@tty", "a2@tty"]);
  }
});

Deno.test("exportPage() keeps to the bytes of a page, with one message however large", async () => {
  await using place = await scratch();
  const large = EXPORT_PAGE_BYTES_MAX / 2;
  for (const id of ["a0", "a1", "a2"]) await place.setAside(id, large);
  assert.deepEqual(namesOf(await place.pages()), [["a0@tty", "a1@tty"], ["a2@tty"]]);
  await place.send("m0", large);
  assert.deepEqual(namesOf(await place.pages()), [["m0", "a0@tty"], ["a1@tty", "a2@tty"]]);
  await place.send("m1");
  assert.deepEqual(namesOf(await place.pages()), [
    ["m0", "m1"],
    ["a0@tty", "a1@tty"],
    ["a2@tty"],
  ]);
});

Deno.test("exportPage() answers many that were set aside in pages", async () => {
  await using place = await scratch();
  const ids = names(2 * EXPORT_PAGE_MESSAGES_MAX + 1);
  for (const id of ids) await place.setAside(id);
  const pages = await place.pages();
  assert.deepEqual(pages.map(({ messages }) => messages.length), [500, 500, 1]);
  assert.deepEqual(namesOf(pages).flat(), ids.map((id) => `${id}@tty`));
  assert.deepEqual(pages.map(({ user }) => user?.id), ["bob", undefined, undefined]);
});

Deno.test("exportPage() answers null of nobody, wherever it is to go on", async () => {
  await using place = await scratch();
  const places: readonly (ExportPlace | null)[] = [
    null,
    { part: "mailbox", after: 7 },
    { part: "aside", after: { position: 7, device: "tty" } },
  ];
  for (const after of places) assert.equal(await exportPage(place.store, "carl", after), null);
});
