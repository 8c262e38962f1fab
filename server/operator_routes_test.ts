import assert from "node:assert/strict";
import { MemoryStore } from "../store/memory/mod.ts";
import { FakeServerAdmin, STATUS } from "./fake_server_admin.ts";
import { AMPLE } from "./fake_world.ts";
import { answerOperator, OperatorRefusal } from "./operator_routes.ts";
import { nobodyPresent, type Presence } from "./presence.ts";
import type { Revocation } from "./revoked_lately.ts";
import { StoreUserAdmin } from "./user_admin.ts";

const NOW = 7;

/** Users in memory, a way to ask for them, and what was revoked. */
function scratch() {
  const store = new MemoryStore({ limits: AMPLE, now: () => NOW });
  const revoked: Revocation[] = [];
  const presence: Presence = {
    ...nobodyPresent,
    revoke: (revocation) => void revoked.push(revocation),
  };
  const users = new StoreUserAdmin({ store, presence, now: () => NOW });
  const server = new FakeServerAdmin({ step: "device", ok: false });
  return {
    store,
    revoked,
    server,
    async ask(method: string, target: string, body?: unknown) {
      const json = () => Promise.resolve(body);
      const more = { ending: new AbortController().signal, report() {} };
      const url = new URL(`http://titan${target}`);
      try {
        const response = await answerOperator({ method, url, json, ...more }, { users, server });
        const text = await response.text();
        return { status: response.status, body: text === "" ? null : JSON.parse(text) };
      } catch (error) {
        if (!(error instanceof OperatorRefusal)) throw error;
        return { status: error.status, body: error.message };
      }
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

const DONE = { status: 204, body: null };

Deno.test("answerOperator() adds, shows, lists and removes users", async () => {
  await using place = scratch();
  const bob = { id: "bob", name: "Bob", registered: NOW };
  const added = await place.ask("POST", "/users", { id: "bob", name: "Bob" });
  assert.deepEqual(added, { status: 201, body: bob });
  assert.deepEqual(await place.ask("GET", "/users/@bob"), {
    status: 200,
    body: { user: bob, devices: [], waiting: { messages: 0, bytes: 0 } },
  });
  const page = { status: 200, body: { users: [bob], next: null } };
  assert.deepEqual(await place.ask("GET", "/users?after=&limit=5"), page);
  assert.deepEqual(await place.ask("DELETE", "/users/@bob"), DONE);
  assert.equal((await place.ask("GET", "/users/@bob")).status, 404);
});

Deno.test("answerOperator() finds users by their address, however it is written", async () => {
  await using place = scratch();
  await place.ask("POST", "/users", { id: "bob", email: "Bob@Example.com" });
  await place.ask("POST", "/users", { id: "ann", email: "ann@example.com" });
  const found = await place.ask("GET", `/users?email=${encodeURIComponent("BOB@example.com")}`);
  const bob = { id: "bob", email: "bob@example.com", registered: NOW };
  assert.deepEqual(found, { status: 200, body: [bob] });
  assert.deepEqual((await place.ask("GET", "/users?email=x@y")).body, []);
});

Deno.test("answerOperator() changes users", async () => {
  await using place = scratch();
  await place.ask("POST", "/users", { id: "bob", name: "Bob" });
  const picture = "https://example.com/b.png";
  const changed = await place.ask("PATCH", "/users/@bob", { name: null, picture });
  assert.deepEqual(changed, { status: 200, body: { id: "bob", picture, registered: NOW } });
  assert.equal((await place.ask("PATCH", "/users/@nobody", { picture })).status, 404);
});

Deno.test("answerOperator() refuses tokens of users and single ones", async () => {
  await using place = scratch();
  // Neither is known here.
  assert.deepEqual(await place.ask("POST", "/revocations", { user: ".." }), DONE);
  assert.deepEqual(await place.ask("POST", "/revocations", { token: "t1", until: 99 }), DONE);
  assert.deepEqual(place.revoked, [
    { kind: "user", user: "..", before: NOW },
    { kind: "token", id: "t1" },
  ]);
  const { revocations } = place.store;
  assert.deepEqual(await revocations.get("..", "t1"), { before: NOW, token: true });
});

Deno.test("answerOperator() answers pages of an export", async () => {
  await using place = scratch();
  await place.ask("POST", "/users", { id: "bob" });
  await place.store.devices.change("bob", "phone", 10, () => ({
    user: "bob",
    id: "phone",
    seen: 3,
    session: { id: "secret", began: 1, generation: 1, expires: 9 },
  }));
  assert.deepEqual(await place.ask("GET", "/export?user=bob"), {
    status: 200,
    body: {
      user: { id: "bob", registered: NOW },
      devices: [{ user: "bob", id: "phone", seen: 3 }],
      messages: [],
      next: null,
    },
  });
  for (const after of ["m5", "a", "a5:tty"]) {
    const further = await place.ask("GET", `/export?user=bob&after=${after}`);
    assert.deepEqual(further.body, { messages: [], next: null });
  }
  assert.equal((await place.ask("GET", "/export?user=carl&after=m0")).status, 404);
});

Deno.test("answerOperator() takes any user id in its path", async () => {
  await using place = scratch();
  for (const id of ["a/b?c#d%é", ".", "..", "@", "constructor", "__proto__"]) {
    await place.ask("POST", "/users", { id });
    const path = `/users/@${encodeURIComponent(id)}`;
    assert.equal((await place.ask("GET", path)).body.user.id, id);
    assert.equal((await place.ask("PATCH", path, { name: "Any" })).body.id, id);
    const query = new URLSearchParams({ user: id });
    assert.equal((await place.ask("GET", `/export?${query}`)).body.user.id, id);
  }
});

Deno.test("answerOperator() says what is wrong with a request", async () => {
  await using place = scratch();
  await place.ask("POST", "/users", { id: "bob" });
  const cases: readonly [status: number, ...Parameters<typeof place.ask>][] = [
    [409, "POST", "/users", { id: "bob" }],
    [400, "POST", "/users", { id: "Bob" }],
    [400, "POST", "/users"],
    [400, "GET", "/users"],
    [400, "GET", "/users?after=&limit=0"],
    [400, "GET", "/users?email=nowhere"],
    [400, "GET", "/users/@Bob"],
    [400, "GET", "/users/@%zz"],
    [400, "PATCH", "/users/@bob", {}],
    [400, "PATCH", "/users/@bob", { name: "" }],
    [400, "PATCH", "/users/@echo", { name: "Echo" }],
    [404, "DELETE", "/users/@nobody"],
    [404, "DELETE", "/devices?user=bob&device=phone"],
    [400, "DELETE", "/devices?user=bob&device="],
    [400, "DELETE", "/devices?user=bob"],
    [400, "DELETE", "/devices?user=Bob&device=phone"],
    [400, "GET", "/export?user=bob&after=-1"],
    [400, "GET", "/export?user=bob&after="],
    [400, "GET", "/export?user=bob&after=5"],
    [400, "GET", "/export?user=Bob"],
    [400, "POST", "/revocations", { user: "Bob" }],
    [400, "POST", "/revocations", { token: "t" }],
    [400, "POST", "/revocations", { user: "bob", token: "t", until: 1 }],
    // Not 404: whoever asks may be newer than this server, and the user may well exist.
    [501, "GET", "/devices?user=bob&device=phone"],
    [501, "GET", "/nothing"],
    [501, "PUT", "/users"],
    [501, "PUT", "/users/@bob"],
  ];
  for (const [status, ...request] of cases) {
    assert.equal((await place.ask(...request)).status, status, request.join(" "));
  }
  assert.deepEqual(place.revoked, []);
});

Deno.test("answerOperator() tells how the server is, and tries a push", async () => {
  await using place = scratch();
  assert.deepEqual(await place.ask("GET", "/status"), { status: 200, body: STATUS });
  const path = "/push-trials?user=bob&device=phone";
  assert.deepEqual(await place.ask("POST", `${path}&ms=600000`), {
    status: 200,
    body: { step: "device", ok: false },
  });
  assert.deepEqual(place.server.asked, [{ user: "bob", device: "phone", ms: 600_000 }]);
  for (const query of ["&ms=0", "&ms=600001", "&ms=x", ""]) {
    assert.equal((await place.ask("POST", path + query)).status, 400, query);
  }
});
