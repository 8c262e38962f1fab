import assert from "node:assert/strict";
import { CLOSE } from "./close_code.ts";
import { type FakeTransport, FakeWorld, request, settled } from "./fake_world.ts";
import type { Connection } from "./connection.ts";

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

interface Client {
  readonly connection: Connection;
  readonly transport: FakeTransport;
}

/** What the methods here answer, each some of it. */
interface Told {
  readonly id: string;
  readonly name: string;
  readonly picture: string;
  readonly token: string;
  readonly refresh: string;
  readonly user: string & { readonly id: string };
  readonly device: string;
  readonly devices: readonly object[];
  readonly push: string;
  readonly online: boolean;
  readonly messages: readonly { readonly message: string; readonly setAside?: object }[];
  readonly next: string | null;
}

/** Calls a method; answers its result, or the name of its error. */
async function call(
  { connection, transport }: Client,
  method: string,
  params?: object,
): Promise<Told> {
  connection.frame(request("c", method, params));
  await settled();
  const answer = transport.take().find(({ id }) => id === "c");
  return (answer?.error?.data?.name ?? answer?.result) as Told;
}

async function google(world: FakeWorld, token: string, device: string) {
  const client = world.connect();
  const signedIn = await call(client, "auth.google", { token, device });
  return { ...client, signedIn };
}

testWorld(
  "auth.logout answers, closes 4401, and ends the tokens and the push of the device",
  async (world) => {
    const phone = await google(world, "ann", "phone");
    const other = await google(world, "ann", "other");
    const push = { provider: "fcm", token: "push-1" };
    await call(phone, "device.register", { platform: "android", push });
    assert.equal(await call(phone, "auth.logout"), "ACK");
    assert.deepEqual(phone.transport.closedWith, CLOSE.badCredential);
    assert.equal(other.transport.closedWith, null);
    const next = world.connect();
    assert.equal(await call(next, "auth.jwt", { token: phone.signedIn.token }), "bad_credential");
    const { refresh } = phone.signedIn;
    assert.equal(await call(world.connect(), "auth.refresh", { refresh }), "bad_credential");
    const [, device] = await world.store.devices.list("google:ann");
    assert.deepEqual([device?.id, device?.push], ["phone", undefined]);
  },
);

testWorld(
  "auth.logout of the deployment's token refuses that token and no other",
  async (world) => {
    const [one, two] = [await world.token("bob"), await world.token("bob")];
    const client = world.connect();
    await call(client, "auth.jwt", { token: one });
    assert.equal(await call(client, "auth.logout"), "ACK");
    assert.equal(await call(world.connect(), "auth.jwt", { token: one }), "bad_credential");
    assert.equal(await call(world.connect(), "auth.jwt", { token: two }), "ACK");
  },
);

testWorld("auth.logoutAll ends every connection and every token of before", async (world) => {
  const phone = await google(world, "ann", "phone");
  const other = await google(world, "ann", "other");
  const stranger = await google(world, "bob", "phone");
  world.clock.advance(1);
  assert.equal(await call(phone, "auth.logoutAll"), "ACK");
  assert.deepEqual(phone.transport.closedWith, CLOSE.badCredential);
  assert.deepEqual(other.transport.closedWith, CLOSE.badCredential);
  assert.equal(stranger.transport.closedWith, null);
  const { token, refresh } = other.signedIn;
  assert.equal(await call(world.connect(), "auth.jwt", { token }), "bad_credential");
  assert.equal(await call(world.connect(), "auth.refresh", { refresh }), "bad_credential");
  world.clock.advance(1);
  assert.equal((await google(world, "ann", "phone")).signedIn.id, "google:ann");
});

testWorld("auth.refresh keeps the connection, and its tokens work", async (world) => {
  const phone = await google(world, "ann", "phone");
  const next = await call(world.connect(), "auth.refresh", { refresh: phone.signedIn.refresh });
  assert.equal(phone.transport.closedWith, null);
  assert.deepEqual([next.user, next.device], ["google:ann", "phone"]);
  const client = world.connect();
  assert.equal(await call(client, "auth.jwt", { token: next.token }), "ACK");
});

testWorld("auth.refresh with a used token ends the session and its connection", async (world) => {
  const phone = await google(world, "ann", "phone");
  const { refresh } = phone.signedIn;
  const next = await call(world.connect(), "auth.refresh", { refresh });
  assert.equal(await call(world.connect(), "auth.refresh", { refresh }), "bad_credential");
  assert.deepEqual(phone.transport.closedWith, CLOSE.badCredential);
  assert.equal(await call(world.connect(), "auth.jwt", { token: next.token }), "bad_credential");
});

testWorld(
  "device.register keeps what it does not name, and null takes the push away",
  async (world) => {
    const phone = await google(world, "ann", "phone");
    const push = { provider: "apns", token: "ab12", topic: "org.example.app" };
    await call(phone, "device.register", { platform: "ios", name: "My phone", push });
    const view = await call(phone, "device.register", { platform: "ios" });
    assert.deepEqual([view.name, view.push, view.online], ["My phone", "apns", true]);
    const [device] = await world.store.devices.list("google:ann");
    assert.equal(device?.push?.token, "ab12");
    assert.ok(device?.session, "its tokens go on");
    const without = await call(phone, "device.register", { platform: "ios", push: null });
    assert.equal(without.push, undefined);
  },
);

testWorld(
  "device.remove ends the device's connection and tokens, and says where there is none",
  async (world) => {
    const phone = await google(world, "ann", "phone");
    const other = await google(world, "ann", "other");
    assert.equal(await call(phone, "device.remove", { device: "none" }), "unknown_device");
    assert.equal(await call(phone, "device.remove", { device: "other" }), "ACK");
    assert.deepEqual(other.transport.closedWith, CLOSE.removed);
    const { token } = other.signedIn;
    assert.equal(await call(world.connect(), "auth.jwt", { token }), "bad_credential");
    assert.equal(await call(phone, "device.remove", { device: "phone" }), "ACK");
    assert.deepEqual(phone.transport.closedWith, CLOSE.removed);
  },
);

testWorld("user.update changes the profile, and null takes a part of it away", async (world) => {
  const ann = await google(world, "ann", "phone");
  const picture = "https://example.org/a.png";
  const updated = await call(ann, "user.update", { name: "Ann 👩‍🚀", picture });
  assert.deepEqual([updated.name, updated.picture], ["Ann 👩‍🚀", picture]);
  const less = await call(ann, "user.update", { picture: null });
  assert.deepEqual([less.name, "picture" in less], ["Ann 👩‍🚀", false]);
  assert.deepEqual(await call(ann, "user.me"), less);
});

testWorld("user.export gives everything page by page", async (world) => {
  const ann = await google(world, "ann", "phone");
  await world.enter("bob");
  const bob = await world.enter("bob");
  const texts = Array.from({ length: 12 }, (_, index) => `${index} ${"x".repeat(20_000)}`);
  for (const message of texts) await call(bob, "msg.send", [{ to: "google:ann", message }]);
  let page = await call(ann, "user.export");
  assert.deepEqual([page.user.id, page.devices.length], ["google:ann", 1]);
  const messages = [...page.messages];
  for (let pages = 0; page.next !== null && pages < 20; pages++) {
    page = await call(ann, "user.export", { after: page.next });
    messages.push(...page.messages);
  }
  assert.deepEqual(messages.map(({ message }) => message), texts);
});

testWorld("user.export has what a device refused, marked, behind the mailbox", async (world) => {
  const ann = await google(world, "ann", "phone");
  const bob = await world.enter("bob");
  await call(bob, "msg.send", [{ to: "google:ann", message: "poison" }]);
  const { mailboxes } = world.store;
  const read = { messages: 1, bytes: 1000 };
  const { entries: [entry] } = await mailboxes.read("google:ann", "phone", 0, read);
  assert.ok(entry);
  await mailboxes.setAside("google:ann", "phone", entry);
  await settled();
  const { messages, next } = await call(ann, "user.export");
  assert.equal(next, null);
  assert.deepEqual(messages.map(({ message }) => message), ["poison", "poison"]);
  assert.deepEqual(messages.map(({ setAside }) => setAside), [undefined, { device: "phone" }]);
  assert.deepEqual((await call(ann, "user.export", { after: "a" })).messages, messages.slice(1));
  assert.equal(await call(ann, "user.export", { after: "17" }), "invalid_params");
});

testWorld("user.delete removes everything, and a sender gets unknown receiver", async (world) => {
  const ann = await google(world, "ann", "phone");
  const bob = await world.enter("bob");
  assert.equal(await call(ann, "user.delete"), "ACK");
  assert.deepEqual(ann.transport.closedWith, CLOSE.removed);
  const send = [{ to: "google:ann", message: "hi" }];
  assert.equal(await call(bob, "msg.send", send), "unknown_receiver");
  const { token, refresh } = ann.signedIn;
  assert.equal(await call(world.connect(), "auth.jwt", { token }), "bad_credential");
  assert.equal(await call(world.connect(), "auth.refresh", { refresh }), "bad_credential");
  assert.equal(await world.store.users.get("google:ann"), null);
});

testWorld("an ID token of before logs nobody in after auth.logoutAll", async (world) => {
  const phone = await google(world, "ann", "phone");
  assert.equal(await call(phone, "auth.logoutAll"), "ACK");
  // The fake issuer's tokens are of the moment in which they are used.
  const client = world.connect();
  assert.equal(await call(client, "auth.google", { token: "ann" }), "bad_credential");
});

testWorld(
  "auth.refresh that comes in the middle of auth.logoutAll does not outlive it",
  async (world) => {
    const phone = await google(world, "ann", "phone");
    const other = await google(world, "ann", "other");
    world.clock.advance(1);
    other.connection.frame(request("o", "auth.logoutAll"));
    world.clock.advance(1);
    const { refresh } = phone.signedIn;
    const next = await call(world.connect(), "auth.refresh", { refresh });
    await settled();
    world.clock.advance(1);
    if (typeof next === "string") assert.equal(next, "bad_credential");
    else {
      const again = await call(world.connect(), "auth.refresh", { refresh: next.refresh });
      assert.equal(again, "bad_credential");
      assert.equal(
        await call(world.connect(), "auth.jwt", { token: next.token }),
        "bad_credential",
      );
    }
    assert.deepEqual(phone.transport.closedWith, CLOSE.badCredential);
  },
);

testWorld(
  "auth.logout of a token without a session leaves another sign-in's session alone",
  async (world) => {
    const app = await google(world, "ann", "default");
    const backend = world.connect();
    await call(backend, "auth.jwt", { token: await world.token("google:ann"), device: "backend" });
    assert.equal(await call(backend, "auth.logout"), "ACK");
    const next = await call(world.connect(), "auth.refresh", { refresh: app.signedIn.refresh });
    assert.equal(next.user, "google:ann");
  },
);

testWorld("user.export is read once at a time, however many a batch asks for", async (world) => {
  const ann = await google(world, "ann", "phone");
  const batch = Array.from(
    { length: 20 },
    (_, id) => ({ jsonrpc: "2.0", id, method: "user.export" }),
  );
  ann.connection.frame(JSON.stringify(batch));
  await settled();
  const [frame = ""] = ann.transport.sent.splice(0);
  const answers = JSON.parse(frame) as { error?: { data: { name: string } } }[];
  const names = answers.map(({ error }) => error?.data.name);
  assert.equal(names.filter((name) => name === undefined).length, 1);
  assert.equal(names.filter((name) => name === "rate_limited").length, 19);
});

testWorld(
  "signing in again with a token that was revoked meanwhile ends the connection",
  async (world) => {
    const token = await world.token("ann");
    const { connection, transport } = await world.enter("ann");
    world.gateway.hub.keepOut({ kind: "token", id: "t1" });
    connection.frame(request("again", "auth.jwt", { token }));
    await settled();
    assert.deepEqual(transport.closedWith, CLOSE.badCredential);
  },
);
