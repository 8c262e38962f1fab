import assert from "node:assert/strict";
import { DEVICES_MAX } from "../limits.ts";
import { RpcError, type RpcErrorName } from "../rpc/mod.ts";
import { CLOSE } from "./close_code.ts";
import { FakeWorld, request, settled } from "./fake_world.ts";

function testWorld(name: string, run: (world: FakeWorld) => Promise<void>): void {
  Deno.test(name, async () => {
    const world = FakeWorld.create();
    try {
      await run(world);
    } finally {
      await world.gateway.stop(CLOSE.goingAway, 5000);
      await world.store[Symbol.asyncDispose]();
    }
  });
}

async function refused(promise: Promise<unknown>, name: RpcErrorName): Promise<RpcError> {
  const error = await promise.then(() => assert.fail(`expected ${name}`), (error) => error);
  assert.ok(error instanceof RpcError, String(error));
  assert.equal(error.key, name);
  return error;
}

/** Lets a device in with a token of now. */
async function admit(world: FakeWorld, user: string, device: string, options: AdmitOptions) {
  const { reception } = world.gateway;
  const credential = await reception.verify(await world.token(user), "192.0.2.1");
  return await reception.admit(credential, device, options);
}

type AdmitOptions = Parameters<FakeWorld["gateway"]["reception"]["admit"]>[2];

/** Signs in with Google; the fake one takes any name for a token. */
async function google(world: FakeWorld, token: string, options: object = {}) {
  const { connection, transport } = world.connect();
  connection.frame(request("g", "auth.google", { token, ...options }));
  await settled();
  const [answer] = transport.take();
  const result = answer?.result as { readonly id: string; readonly token: string };
  return { connection, transport, answer, result };
}

testWorld(
  "Reception.receive() registers a user of Google and signs the connection in",
  async (world) => {
    const { connection, result } = await google(world, "ann");
    assert.deepEqual(Object.keys(result).toSorted(), ["email", "id", "name", "picture", "token"]);
    assert.equal(result.id, "google:ann");
    assert.deepEqual(connection.identity, { user: "google:ann", device: "default" });
    const user = (await world.store.users.get("google:ann"))?.value;
    assert.deepEqual([user?.email, user?.name], ["ann@example.org", "ann"]);
    const again = world.connect();
    again.connection.frame(request("j", "auth.jwt", { token: result.token, device: "default" }));
    await settled();
    assert.equal(again.connection.identity?.user, "google:ann");
  },
);

testWorld("Reception.receive() makes one user of two devices that come at once", async (world) => {
  const [a, b] = await Promise.all([
    google(world, "ann", { device: "a" }),
    google(world, "ann", { device: "b" }),
  ]);
  assert.deepEqual([a.result.id, b.result.id], ["google:ann", "google:ann"]);
  assert.equal(world.log.of("user registered").length, 1);
  assert.equal((await world.store.devices.list("google:ann")).length, 2);
});

testWorld(
  "Reception.receive() brings name and picture up to date at a later sign-in",
  async (world) => {
    await google(world, "ann");
    await world.people.admin.update("google:ann", { name: "Old", picture: "https://x.org/p" });
    await google(world, "ann");
    const user = (await world.store.users.get("google:ann"))?.value;
    assert.deepEqual([user?.name, user?.picture], ["ann", "https://x.org/p"]);
  },
);

testWorld("Reception.receive() lets a client that signed in stay who it is", async (world) => {
  const { connection, transport } = await google(world, "ann");
  connection.frame(request(2, "auth.google", { token: "bob" }));
  await settled();
  assert.equal(transport.take().at(-1)?.error?.data?.name, "forbidden");
  assert.equal(await world.store.users.get("google:bob"), null);
  connection.frame(request(3, "auth.google", { token: "ann" }));
  await settled();
  assert.equal(transport.closedWith, null, "its own earlier session ended, not the connection");
});

testWorld(
  "Reception.receive() leaves the session of a device alone where the client has left",
  async (world) => {
    await google(world, "ann");
    const before = await world.store.devices.list("google:ann");
    const { connection, transport } = world.connect();
    connection.frame(request("g", "auth.google", { token: "ann" }));
    connection.closed();
    await settled();
    assert.deepEqual(await world.store.devices.list("google:ann"), before);
    assert.deepEqual(transport.take(), []);
  },
);

testWorld(
  "Reception.receive() tells what is not configured and who cannot be reached",
  async (world) => {
    const { connection, transport } = world.connect();
    connection.frame(request(1, "auth.oidc", { issuer: "nobody", token: "x" }));
    connection.frame(request(2, "auth.oidc", { issuer: "away", token: "x" }));
    await settled();
    const names = transport.take().map(({ error }) => error?.data?.name);
    assert.deepEqual(names, ["not_configured", "issuer_unavailable"]);
    assert.equal(transport.closedWith, null);
  },
);

testWorld("Reception.welcomeUser() brings nobody back whose tokens were revoked", async (world) => {
  const token = await world.token("ann");
  const { transport } = await world.enter("ann");
  await world.people.admin.remove("ann");
  assert.deepEqual(transport.closedWith, CLOSE.removed);
  const late = world.connect();
  late.connection.frame(request(1, "auth.jwt", { token }));
  await settled();
  assert.equal(late.transport.take()[0]?.error?.data?.name, "bad_credential");
  assert.equal(await world.store.users.get("ann"), null);
  world.clock.advance(1);
  const anew = await world.enter("ann");
  assert.equal(anew.connection.identity?.user, "ann");
});

testWorld("Reception.verify() answers whose a token is", async (world) => {
  const { user, device } = await world.gateway.reception.verify(
    await world.token("Ann", "d"),
    "192.0.2.1",
  );
  assert.deepEqual([user, device], ["ann", "d"]);
});

testWorld(
  "Reception.verify() makes an account wait after too many failures, at that address",
  async (world) => {
    const { gateway: { reception }, clock } = world;
    const good = await world.token("ann");
    const bad = good.replace(".fake", ".forged");
    for (let n = 0; n < 3; n++) await refused(reception.verify(bad, "192.0.2.1"), "bad_credential");
    const error = await refused(reception.verify(good, "192.0.2.1"), "rate_limited");
    assert.equal(error.data.retryAfter, 60);
    assert.equal(error.data.retryable, true);
    await reception.verify(good, "192.0.2.2");
    await reception.verify(await world.token("bob"), "192.0.2.1");
    clock.advance(60_000);
    await reception.verify(good, "192.0.2.1");
  },
);

testWorld(
  "Reception.verify() forgets the failures of an account that has signed in",
  async (world) => {
    const good = await world.token("ann");
    const bad = good.replace(".fake", ".forged");
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 2; n++) {
        await refused(world.gateway.reception.verify(bad, "192.0.2.1"), "bad_credential");
      }
      await world.gateway.reception.verify(good, "192.0.2.1");
    }
  },
);

testWorld("Reception.verify() lets what is no refusal through as it is", async (world) => {
  const fault = new Error("No key");
  world.tokens.verify = () => Promise.reject(fault);
  for (let n = 0; n < 5; n++) {
    await assert.rejects(
      world.gateway.reception.verify(await world.token("ann"), "192.0.2.1"),
      fault,
    );
  }
  assert.deepEqual(world.log.of("sign-in refused"), []);
});

testWorld(
  "Reception.deviceOf() lets a token of a device speak for no other",
  async ({ gateway: { reception } }) => {
    const device = (named: string | undefined, asked?: string) =>
      reception.deviceOf(
        { device: named },
        asked === undefined ? {} : { device: asked },
      );
    assert.equal(device(undefined), "default");
    assert.equal(device(undefined, "phone"), "phone");
    assert.equal(device("phone"), "phone");
    assert.equal(device("phone", "phone"), "phone");
    await refused(Promise.resolve().then(() => device("phone", "laptop")), "forbidden");
    await refused(Promise.resolve().then(() => device("phone", "default")), "forbidden");
  },
);

testWorld("Reception.admit() registers a user once, and the device", async (world) => {
  for (let n = 0; n < 2; n++) await admit(world, "ann", "phone", {});
  assert.equal(world.log.of("user registered").length, 1);
  assert.equal((await world.store.users.get("ann"))?.value.registered, world.clock.now());
  assert.deepEqual(await world.store.devices.list("ann"), [
    { user: "ann", id: "phone", seen: world.clock.now() },
  ]);
});

testWorld(
  "Reception.admit() notes when a device was seen, and not at every sign-in",
  async (world) => {
    const seen = async () => (await world.store.devices.list("ann")).map((device) => device.seen);
    const start = world.clock.now();
    await admit(world, "ann", "phone", {});
    world.clock.advance(3600 * 1000 - 1);
    await admit(world, "ann", "phone", {});
    assert.deepEqual(await seen(), [start]);
    world.clock.advance(1);
    await admit(world, "ann", "phone", {});
    assert.deepEqual(await seen(), [start + 3600 * 1000]);
  },
);

testWorld(
  "Reception.admit() lets a user have as many devices as may be, and not one more",
  async (world) => {
    for (let n = 0; n < DEVICES_MAX; n++) {
      await admit(world, "ann", `device ${n}`, {});
    }
    const error = await refused(
      admit(world, "ann", "one more", {}),
      "too_many_devices",
    );
    assert.equal(error.data.limit, DEVICES_MAX);
    await admit(world, "ann", "device 0", {});
    await admit(world, "bob", "one more", {});
  },
);

testWorld("Reception.admit() starts a further device where it says", async (world) => {
  await admit(world, "bob", "phone", {});
  const now = world.clock.now();
  const people = { sender: "ann", from: "ann", to: "bob", device: "default" };
  const times = { time: now, expires: now + 5000 };
  const body = { receipt: false, urgent: false, body: "{}", bytes: 2 };
  await world.store.mailboxes.append([{ id: "m1", kind: "message", ...people, ...times, ...body }]);
  const pending = async (device: string, start?: "oldest" | "newest") =>
    (await admit(world, "bob", device, start === undefined ? {} : { start }))
      .pending;
  assert.equal(await pending("a", "newest"), 0);
  assert.equal(await pending("b", "oldest"), 1);
  assert.equal(await pending("c"), 1);
});
