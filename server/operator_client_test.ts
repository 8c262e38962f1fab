import assert from "node:assert/strict";
import { join } from "node:path";
import { MemoryStore } from "../store/memory/mod.ts";
import { systemClock } from "./clock.ts";
import { AMPLE, FakeLog } from "./fake_world.ts";
import { type Fetch, OperatorClient, OperatorError } from "./operator_client.ts";
import { OperatorSocket } from "./operator_socket.ts";
import { StoreUserAdmin } from "./user_admin.ts";

const ask: Fetch = (url, init) => fetch(url, init);

/** A client and the socket it speaks to. */
async function scratch() {
  const root = await Deno.makeTempDir();
  const path = join(root, "operator.sock");
  const store = new MemoryStore({ limits: AMPLE, now: () => 7 });
  const users = new StoreUserAdmin({ store, now: () => 7 });
  const parts = { path, users, clock: systemClock, log: new FakeLog() };
  const socket = await OperatorSocket.open(parts);
  const client = new OperatorClient(path, ask);
  return {
    client,
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
    await store.devices.put({ user: "bob", id: device, seen: 5 }, 10);
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

Deno.test("OperatorClient bears a refusal that says nothing", async () => {
  using client = await answered(502, "<html>");
  await assert.rejects(client.show("bob"), { message: "Server refused: it does not say why" });
});

Deno.test("OperatorClient does not believe an answer of another shape", async () => {
  using client = await answered(200, JSON.stringify({ user: "bob" }));
  await assert.rejects(client.show("bob"), OperatorError);
});
