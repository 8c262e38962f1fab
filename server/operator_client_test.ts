import assert from "node:assert/strict";
import { join } from "node:path";
import { MemoryStore } from "../store/memory/mod.ts";
import type { Entry } from "../store/mod.ts";
import { systemClock } from "./clock.ts";
import { FakeServerAdmin, STATUS, TRACE } from "./fake_server_admin.ts";
import { AMPLE, FakeLog } from "./fake_world.ts";
import { type Fetch, OperatorClient, OperatorError } from "./operator_client.ts";
import { OperatorSocket } from "./operator_socket.ts";
import type { PushTrialStep } from "./push/mod.ts";
import { StoreUserAdmin } from "./user_admin.ts";

const ask: Fetch = (url, init) => fetch(url, init);

/** A client and the socket it speaks to. */
async function scratch(server = new FakeServerAdmin()) {
  const root = await Deno.makeTempDir();
  const path = join(root, "operator.sock");
  const store = new MemoryStore({ limits: AMPLE, now: () => 7 });
  const users = new StoreUserAdmin({ store, now: () => 7 });
  const log = new FakeLog();
  const parts = { path, users, server, clock: systemClock, log };
  const socket = await OperatorSocket.open(parts);
  const client = new OperatorClient(path, ask);
  return {
    client,
    socket,
    log,
    store,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await socket[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** The path of a socket that is not there. */
async function nowhere(): Promise<string> {
  const root = await Deno.makeTempDir();
  await Deno.remove(root);
  return join(root, "operator.sock");
}

/** A client of a server that answers what the test says. */
async function answered(status: number, body: string): Promise<OperatorClient> {
  const answer = () => Promise.resolve(new Response(body, { status }));
  return new OperatorClient(await nowhere(), answer);
}

Deno.test("OperatorClient does what the server's own admin does", async () => {
  await using place = await scratch();
  const { client } = place;
  const bob = { id: "bob", email: "bob@example.com", registered: 7 };
  assert.deepEqual(await client.add({ id: "bob", email: "bob@example.com" }), bob);
  assert.equal(await client.add({ id: "bob" }), null);
  assert.deepEqual(await client.show("bob"), {
    user: bob,
    devices: [],
    waiting: { messages: 0, bytes: 0 },
  });
  assert.equal(await client.show("carl"), null);
  assert.deepEqual(await client.list("", 10), { users: [bob], next: null });
  assert.equal(await client.remove("bob"), true);
  assert.equal(await client.remove("bob"), false);
});

Deno.test("OperatorClient shows devices without the tokens of their push services", async () => {
  await using place = await scratch();
  const { client, store } = place;
  await client.add({ id: "bob" });
  await store.devices.change("bob", "phone", 10, () => ({
    user: "bob",
    id: "phone",
    platform: "ios",
    name: "Bob's phone",
    seen: 5,
    push: { provider: "apns", token: "aa", registered: 5 },
    session: { id: "s", began: 1, generation: 2, expires: 99 },
  }));
  assert.deepEqual((await client.show("bob"))?.devices, [{
    id: "phone",
    platform: "ios",
    name: "Bob's phone",
    seen: 5,
    push: "apns",
    session: 99,
    cursor: 0,
    online: false,
  }]);
});

Deno.test("OperatorClient finds users by their address", async () => {
  await using place = await scratch();
  const { client } = place;
  const email = "a+b&c=d@example.com";
  for (const id of ["bob", "..", "carl"]) await client.add({ id, email });
  await client.add({ id: "dora", email: "dora@example.com" });
  const found = await client.withEmail(email);
  assert.deepEqual(found.map(({ id }) => id), ["..", "bob", "carl"]);
  assert.deepEqual(await client.withEmail("nobody@example.com"), []);
});

Deno.test("OperatorClient changes a user", async () => {
  await using place = await scratch();
  const { client } = place;
  await client.add({ id: "..", name: "Dots" });
  const changed = { id: "..", name: "Points", registered: 7 };
  assert.deepEqual(await client.update("..", { name: "Points" }), changed);
  assert.deepEqual(await client.update("..", { name: null }), { id: "..", registered: 7 });
  assert.equal(await client.update("carl", { name: null }), null);
});

Deno.test("OperatorClient tells what became of a message", async () => {
  await using place = await scratch();
  const { client } = place;
  assert.deepEqual(await client.trace(TRACE.id), TRACE);
  assert.equal(await client.trace(TRACE.id.replace(/.$/, "&")), null);
  await assert.rejects(client.trace("bob"), /Server refused: Query holds no id of a message$/);
});

Deno.test("OperatorClient refuses tokens", async () => {
  await using place = await scratch();
  const { client, store: { revocations } } = place;
  await client.logout("constructor");
  await client.revokeToken("a/b?c=d&é", 99);
  assert.deepEqual(await revocations.get("constructor", "other"), { before: 7, token: false });
  assert.deepEqual(await revocations.get("bob", "a/b?c=d&é"), { before: 0, token: true });
});

Deno.test("OperatorClient exports page by page", async () => {
  await using place = await scratch();
  const { client, store } = place;
  await client.add({ id: ".." });
  const ids = Array.from({ length: 501 }, (_, n) => `m${n}`);
  const news: Entry[] = [];
  store.listen({ committed: ({ entries }) => void news.push(...entries) });
  for (const id of ids) {
    const body = JSON.stringify({ id, message: "😀" });
    const bytes = new TextEncoder().encode(body).length;
    const people = { sender: "ann", from: "ann", to: "..", device: "phone" };
    await store.mailboxes.append([
      {
        id,
        kind: "message",
        ...people,
        time: 1,
        expires: 99,
        receipt: false,
        urgent: false,
        body,
        bytes,
      },
    ]);
  }
  for (const entry of news) await store.mailboxes.setAside("..", "a:b/é", entry);
  const first = await client.export("..", null);
  assert.equal(first?.user?.id, "..");
  const second = await client.export("..", first.next ?? assert.fail("one page only"));
  assert.deepEqual([second?.user, second?.devices], [undefined, undefined]);
  const third = await client.export("..", second?.next ?? assert.fail("two pages only"));
  assert.equal(third?.next, null);
  const messages = [first, second, third].flatMap((page) => page?.messages ?? []);
  assert.deepEqual(messages.map(({ id }) => id), [...ids, ...ids]);
  const [kept, aside] = [messages.slice(0, 501), messages.slice(501)];
  assert.ok(kept.every(({ setAside }) => setAside === undefined));
  assert.ok(aside.every(({ setAside }) => setAside?.device === "a:b/é"));
  assert.equal(JSON.parse(messages[0]?.body ?? "").message, "😀");
  assert.equal(await client.export("carl", null), null);
});

Deno.test("OperatorClient takes any user id", async () => {
  await using place = await scratch();
  const id = "a/../b?c#d%é+";
  await place.client.add({ id });
  assert.equal((await place.client.show(id))?.user.id, id);
  assert.deepEqual((await place.client.list("a/.", 5)).users.map((user) => user.id), [id]);
  assert.equal(await place.client.remove(id), true);
});

Deno.test("OperatorClient removes one device, whatever it is called, and leaves the user", async () => {
  await using place = await scratch();
  const { client, store } = place;
  await client.add({ id: "bob" });
  for (const device of ["..", ".", "a/b?c&d=e#f%+é"]) {
    await store.devices.change("bob", device, 10, () => ({ user: "bob", id: device, seen: 5 }));
    assert.equal(await client.removeDevice("bob", device), true, device);
    assert.deepEqual((await client.show("bob"))?.devices, []);
    assert.equal(await client.removeDevice("bob", device), false, device);
  }
  assert.equal(await client.removeDevice("carl", "phone"), false);
});

Deno.test("OperatorClient says that nobody is there", async () => {
  const path = await nowhere();
  using client = new OperatorClient(path, ask);
  await assert.rejects(client.list("", 1), (error) => {
    assert.ok(error instanceof OperatorError);
    const why = "it is not there, or of another version";
    assert.equal(error.message, `Cannot ask the server through "${path}": ${why}`);
    return true;
  });
});

Deno.test("OperatorClient tells why the server refused", async () => {
  using client = await answered(503, JSON.stringify({ error: "Disk is full" }));
  await assert.rejects(client.show("bob"), { message: "Server refused: Disk is full" });
});

Deno.test("OperatorClient does not take an older server's words for a missing user", async () => {
  using client = await answered(501, JSON.stringify({ error: "No such request" }));
  await assert.rejects(client.update("bob", { name: null }), {
    message: "Server refused: No such request",
  });
});

Deno.test("OperatorClient bears a refusal that says nothing", async () => {
  using client = await answered(502, "<html>");
  await assert.rejects(client.show("bob"), { message: "Server refused: it does not say why" });
});

Deno.test("OperatorClient does not believe an answer of another shape", async () => {
  using client = await answered(200, JSON.stringify({ user: "bob" }));
  await assert.rejects(client.show("bob"), OperatorError);
});

const STEPS: readonly PushTrialStep[] = [
  { step: "device", ok: true },
  { step: "address", ok: true, provider: "apns", registered: 7 },
  { step: "provider", ok: true, name: "apns" },
  { step: "outcome", ok: true, outcome: { kind: "accepted", id: "x" } },
  { step: "answer", ok: true, ms: 12.5 },
];

Deno.test("OperatorClient tells how the server is", async () => {
  await using place = await scratch();
  assert.deepEqual(await place.client.status(), STATUS);
});

Deno.test("OperatorClient hands the steps of a trial on", async () => {
  const server = new FakeServerAdmin(...STEPS);
  await using place = await scratch(server);
  const steps = await Array.fromAsync(place.client.testPush("bob", "..", { ms: 5000 }));
  assert.deepEqual(steps, STEPS);
  assert.deepEqual(server.asked, [{ user: "bob", device: "..", ms: 5000 }]);
});

Deno.test("OperatorClient hands each step on as it comes, and ends a trial when it is told to", async () => {
  const server = new FakeServerAdmin({ step: "device", ok: true }, "wait");
  await using place = await scratch(server);
  const stop = new AbortController();
  const steps: PushTrialStep[] = [];
  for await (const step of place.client.testPush("bob", "phone", { signal: stop.signal })) {
    steps.push(step);
    stop.abort();
  }
  assert.deepEqual(steps, [{ step: "device", ok: true }]);
  await server.ended;
});

Deno.test("OperatorClient throws where a trial breaks off, or the server goes", async () => {
  const broken = new FakeServerAdmin({ step: "device", ok: true }, new Error("disk"));
  await using place = await scratch(broken);
  await assert.rejects(Array.fromAsync(place.client.testPush("bob", "phone")), {
    message: "Server broke the trial off: its log says why",
  });
  assert.equal(place.log.of("operator request failed").length, 1);
  const first = new FakeServerAdmin(new Error("disk"));
  await using other = await scratch(first);
  await assert.rejects(Array.fromAsync(other.client.testPush("bob", "phone")), {
    message: "Server refused: Internal error",
  });
  const waiting = new FakeServerAdmin({ step: "device", ok: true }, "wait");
  await using third = await scratch(waiting);
  const steps = third.client.testPush("bob", "phone");
  await steps.next();
  await third.socket[Symbol.asyncDispose]();
  await waiting.ended;
  await assert.rejects(steps.next(), OperatorError);
});

Deno.test("OperatorClient takes only steps that there are", async () => {
  using client = await answered(200, '{"step":"dance","ok":true}\n');
  await assert.rejects(Array.fromAsync(client.testPush("bob", "phone")), /of another version/);
});
