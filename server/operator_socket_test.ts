import assert from "node:assert/strict";
import { join } from "node:path";
import { MemoryStore } from "../store/memory/mod.ts";
import { StoreUnavailableError } from "../store/mod.ts";
import { type Clock, systemClock } from "./clock.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeServerAdmin } from "./fake_server_admin.ts";
import { AMPLE, FakeLog, settled } from "./fake_world.ts";
import { OperatorSocket } from "./operator_socket.ts";
import { StoreUserAdmin, type UserAdmin } from "./user_admin.ts";

/** A socket on a store in memory, and a way to ask it. */
async function scratch(users: Partial<UserAdmin> = {}, clock: Clock = systemClock) {
  const root = await Deno.makeTempDir();
  const path = join(root, "operator.sock");
  const store = new MemoryStore({ limits: AMPLE, now: () => 7 });
  const admin = new StoreUserAdmin({ store, now: () => 7 });
  const log = new FakeLog();
  const server = new FakeServerAdmin();
  const parts = { path, users: { ...bound(admin), ...users }, server, clock, log };
  const socket = await OperatorSocket.open(parts);
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  return {
    root,
    path,
    log,
    socket,
    async ask(method: string, target: string, body?: BodyInit) {
      const init = { method, client, ...(body === undefined ? {} : { body }) };
      const response = await fetch(`http://titan${target}`, init);
      const text = await response.text();
      return { status: response.status, body: text === "" ? null : JSON.parse(text) };
    },
    async [Symbol.asyncDispose]() {
      client.close();
      await socket[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
}

/** An admin whose members can be replaced one by one. */
function bound(admin: UserAdmin): UserAdmin {
  return {
    add: (user) => admin.add(user),
    show: (id) => admin.show(id),
    list: (after, limit) => admin.list(after, limit),
    remove: (id) => admin.remove(id),
    removeDevice: (id, device) => admin.removeDevice(id, device),
    withEmail: (email) => admin.withEmail(email),
    update: (id, change) => admin.update(id, change),
    logout: (id) => admin.logout(id),
    revokeToken: (id, until) => admin.revokeToken(id, until),
    export: (id, after) => admin.export(id, after),
  };
}

Deno.test("OperatorSocket is for its owner alone", async () => {
  await using place = await scratch();
  assert.equal(((await Deno.lstat(place.path)).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(await namesIn(place.root), ["operator.sock"]);
});

Deno.test("OperatorSocket adds, shows, lists and removes users", async () => {
  await using place = await scratch();
  const bob = { id: "bob", name: "Bob", registered: 7 };
  const added = await place.ask("POST", "/users", JSON.stringify({ id: "bob", name: "Bob" }));
  assert.deepEqual(added, { status: 201, body: bob });
  assert.deepEqual(await place.ask("GET", "/users/@bob"), {
    status: 200,
    body: { user: bob, devices: [], waiting: { messages: 0, bytes: 0 } },
  });
  const page = { status: 200, body: { users: [bob], next: null } };
  assert.deepEqual(await place.ask("GET", "/users?after=&limit=5"), page);
  assert.deepEqual(await place.ask("DELETE", "/users/@bob"), { status: 204, body: null });
  assert.equal((await place.ask("GET", "/users/@bob")).status, 404);
});

Deno.test("OperatorSocket says what is wrong with a request", async () => {
  await using place = await scratch();
  assert.deepEqual(await place.ask("POST", "/users", "{"), {
    status: 400,
    body: { error: "Body is not JSON" },
  });
  assert.deepEqual(await place.ask("POST", "/users"), {
    status: 400,
    body: { error: "Body is not JSON" },
  });
  assert.deepEqual(await place.ask("POST", "/users", JSON.stringify({ id: "Bob" })), {
    status: 400,
    body: { error: "Body is not a user" },
  });
  assert.deepEqual(await place.ask("GET", "/nothing"), {
    status: 501,
    body: { error: "No such request" },
  });
});

Deno.test("OperatorSocket takes bodies up to a limit", async () => {
  await using place = await scratch();
  const body = (bytes: number) => JSON.stringify({ id: "bob" }).padEnd(bytes, " ");
  assert.equal((await place.ask("POST", "/users", body(16 * 1024))).status, 201);
  assert.equal((await place.ask("POST", "/users", body(16 * 1024 + 1))).status, 413);
});

Deno.test("OperatorSocket does not wait for a body that does not come", async () => {
  const clock = new FakeClock();
  await using place = await scratch({}, clock);
  using connection = await Deno.connect({ transport: "unix", path: place.path });
  const half = "POST /users HTTP/1.1\r\nhost: titan\r\ncontent-length: 99\r\n\r\n{";
  await connection.write(new TextEncoder().encode(half));
  while (clock.timers === 0) await settled();
  clock.advance(5000);
  const buffer = new Uint8Array(1024);
  const length = await connection.read(buffer) ?? 0;
  assert.match(new TextDecoder().decode(buffer.subarray(0, length)), /^HTTP\/1.1 400 /);
});

Deno.test("OperatorSocket tells that the store is unavailable", async () => {
  const show = () => Promise.reject(new StoreUnavailableError("Cannot use the store"));
  await using place = await scratch({ show });
  assert.deepEqual(await place.ask("GET", "/users/@bob"), {
    status: 503,
    body: { error: "Cannot use the store" },
  });
});

Deno.test("OperatorSocket keeps a fault to the log", async () => {
  const show = () => Promise.reject(new Error("The key is 123"));
  await using place = await scratch({ show });
  assert.deepEqual(await place.ask("GET", "/users/@bob"), {
    status: 500,
    body: { error: "Internal error" },
  });
  assert.equal(place.log.of("operator request failed").length, 1);
});

Deno.test("OperatorSocket.open() replaces the socket that a crash left behind", async () => {
  const root = await Deno.makeTempDir();
  const path = join(root, "operator.sock");
  Deno.listen({ transport: "unix", path }).close();
  await Deno.mkdir(join(root, ".op"));
  await Deno.writeTextFile(join(root, ".op", "s"), "");
  const users = new StoreUserAdmin({
    store: new MemoryStore({ limits: AMPLE, now: () => 7 }),
    now: () => 7,
  });
  {
    const log = new FakeLog();
    await using _socket = await OperatorSocket.open({
      path,
      users,
      server: new FakeServerAdmin(),
      clock: systemClock,
      log,
    });
    using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    const response = await fetch("http://titan/users?after=&limit=1", { client });
    assert.deepEqual(await response.json(), { users: [], next: null });
  }
  assert.deepEqual(await namesIn(root), []);
  await Deno.remove(root);
});

Deno.test("OperatorSocket finishes what it is answering before it is gone", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<boolean>();
  const remove = () => {
    asked.resolve();
    return answer.promise;
  };
  await using place = await scratch({ remove });
  const removed = place.ask("DELETE", "/users/@bob");
  await asked.promise;
  const closed = place.socket[Symbol.asyncDispose]();
  answer.resolve(true);
  assert.equal((await removed).status, 204);
  await closed;
  await assert.rejects(Deno.lstat(place.path), Deno.errors.NotFound);
});

Deno.test("OperatorSocket does not wait for the rest of a body when it goes", async () => {
  const clock = new FakeClock();
  await using place = await scratch({}, clock);
  using connection = await Deno.connect({ transport: "unix", path: place.path });
  const half = 'POST /users HTTP/1.1\r\nhost: titan\r\ncontent-length: 50\r\n\r\n{"id"';
  await connection.write(new TextEncoder().encode(half));
  // It is being read.
  while (clock.timers === 0) await settled();
  const closed = place.socket[Symbol.asyncDispose]();
  const answer = new Uint8Array(1024);
  const length = await connection.read(answer) ?? 0;
  assert.match(new TextDecoder().decode(answer.subarray(0, length)), /^HTTP\/1\.1 400 /);
  clock.advance(200);
  await closed;
  assert.deepEqual(place.log.lines, []);
});

Deno.test("OperatorSocket does not wait for half a request when it goes", async () => {
  await using place = await scratch();
  using connection = await Deno.connect({ transport: "unix", path: place.path });
  const half = "POST /users HTTP/1.1\r\nhost: titan\r\n";
  await connection.write(new TextEncoder().encode(half));
  await place.socket[Symbol.asyncDispose]();
  assert.equal(await connection.read(new Uint8Array(1)).catch(() => null), null);
});
