import assert from "node:assert/strict";
import { DEVICES_MAX } from "../../limits.ts";
import { RpcError } from "../../rpc/mod.ts";
import { MemoryStore } from "../../store/memory/mod.ts";
import { systemRandom } from "../clock.ts";
import { FakeClock } from "../fake_clock.ts";
import { AMPLE } from "../fake_world.ts";
import { BadCredentialError } from "../bad_credential.ts";
import { Sessions } from "./sessions.ts";
import { createTokens } from "./tokens.ts";

const ANN = { user: "ann", device: "phone" };

/** Sessions with real tokens: an hour, 90 days for a refresh token, 30 days where nothing follows. */
async function scratch() {
  const clock = new FakeClock();
  const now = () => clock.now();
  const store = new MemoryStore({ limits: AMPLE, now });
  await store.users.create({ id: "ann", registered: now() });
  const tokens = await createTokens({
    secrets: [new TextEncoder().encode("a secret of at least thirty-two bytes")],
    maxAgeSeconds: 3600,
    now,
    random: systemRandom,
  });
  const ended: string[] = [];
  const sessions = new Sessions({
    devices: store.devices,
    revocations: store.revocations,
    tokens,
    now,
    random: systemRandom,
    accessSeconds: 3600,
    refreshSeconds: 90 * 86_400,
    lastingSeconds: 30 * 86_400,
    ended: (user, session) => void ended.push(`${user} ${session}`),
  });
  const refresh = async (token: string) =>
    await sessions.refresh(await tokens.verifyRefresh(token));
  const phone = async () => (await store.devices.list("ann")).find(({ id }) => id === "phone");
  return {
    clock,
    store,
    tokens,
    sessions,
    ended,
    refresh,
    phone,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function refuses(reason: string): (error: unknown) => boolean {
  return (error) => error instanceof BadCredentialError && error.reason === reason;
}

Deno.test("Sessions.open() gives a device tokens of one session", async () => {
  await using place = await scratch();
  const { tokens, mark, earlier } = await place.sessions.open(ANN, true);
  const claims = await place.tokens.verify(tokens.token);
  assert.deepEqual(
    { user: claims.user, device: claims.device, session: claims.session },
    { ...ANN, session: mark.session },
  );
  assert.equal(tokens.expires, place.clock.now() + 3600_000);
  assert.equal(tokens.refreshExpires, place.clock.now() + 90 * 86_400_000);
  assert.equal((await place.phone())?.session?.id, mark.session);
  assert.equal(earlier, undefined);
});

Deno.test("Sessions.open() gives a client that cannot renew a token that lasts", async () => {
  await using place = await scratch();
  const { tokens } = await place.sessions.open(ANN, false);
  assert.equal(tokens.expires, place.clock.now() + 30 * 86_400_000);
  assert.equal("refresh" in tokens, false);
});

Deno.test("Sessions.open() takes the place of the device's earlier session", async () => {
  await using place = await scratch();
  const first = await place.sessions.open(ANN, true);
  const second = await place.sessions.open(ANN, true);
  assert.equal(second.earlier, first.mark.session);
  await assert.rejects(place.refresh(first.tokens.refresh ?? ""), refuses("revoked"));
  await place.refresh(second.tokens.refresh ?? "");
});

Deno.test("Sessions.open() of one device too many names the one that was away longest", async () => {
  await using place = await scratch();
  for (let i = 0; i < DEVICES_MAX; i++) {
    place.clock.advance(1000);
    await place.sessions.open({ user: "ann", device: `d${(i + 3) % DEVICES_MAX}` }, true);
  }
  await assert.rejects(place.sessions.open(ANN, true), (error) => {
    assert.ok(error instanceof RpcError);
    assert.deepEqual([error.key, error.data.oldest, error.data.limit], [
      "too_many_devices",
      "d3",
      DEVICES_MAX,
    ]);
    return true;
  });
});

Deno.test("Sessions.refresh() rotates, and a token that comes again ends the session", async () => {
  await using place = await scratch();
  const { tokens: { refresh = "" }, mark } = await place.sessions.open(ANN, true);
  const second = await place.refresh(refresh);
  const third = await place.refresh(second.refresh);
  assert.notEqual(second.token, third.token);
  await assert.rejects(place.refresh(refresh), refuses("reused"));
  assert.deepEqual(place.ended, [`ann ${mark.session}`]);
  assert.equal((await place.phone())?.session, undefined);
  // The newest one is of the same family: whoever stole the old one may have it.
  await assert.rejects(place.refresh(third.refresh), refuses("revoked"));
});

Deno.test("Sessions.refresh() of one token many times at once succeeds at most once", async () => {
  await using place = await scratch();
  const { tokens: { refresh = "" } } = await place.sessions.open(ANN, true);
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => place.refresh(refresh)));
  assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 1);
  assert.equal((await place.phone())?.session, undefined);
});

Deno.test("Sessions.refresh() notes that the device was here", async () => {
  await using place = await scratch();
  const { tokens: { refresh = "" } } = await place.sessions.open(ANN, true);
  place.clock.advance(5000);
  await place.refresh(refresh);
  assert.equal((await place.phone())?.seen, place.clock.now());
});

Deno.test("Sessions.end() ends that session and the push, and no later one", async () => {
  await using place = await scratch();
  const first = await place.sessions.open(ANN, true);
  const push = { provider: "fcm", token: "t", registered: 1 } as const;
  await place.store.devices.change(
    "ann",
    "phone",
    10,
    (known) => known && { ...known, push },
  );
  await place.sessions.end(ANN, "another");
  assert.equal((await place.phone())?.push?.token, "t");
  await place.sessions.end(ANN, first.mark.session ?? "");
  const phone = await place.phone();
  assert.deepEqual([phone?.push, phone?.session, phone?.id], [undefined, undefined, "phone"]);
  await assert.rejects(place.refresh(first.tokens.refresh ?? ""), refuses("revoked"));
});

Deno.test("Sessions.refresh() of a removed user is refused and brings nobody back", async () => {
  await using place = await scratch();
  const { tokens: { refresh = "" } } = await place.sessions.open(ANN, true);
  await place.store.users.remove("ann");
  await assert.rejects(place.refresh(refresh), refuses("revoked"));
  assert.equal(await place.store.users.get("ann"), null);
});

Deno.test("Sessions.refresh() is refused where the session began before its user was logged out", async () => {
  await using place = await scratch();
  const { tokens: { refresh = "" } } = await place.sessions.open(ANN, true);
  place.clock.advance(1000);
  const second = await place.refresh(refresh);
  // As a crash leaves it: the revocation is on disk, the session still there.
  await place.store.revocations.revokeUser("ann", place.clock.now() - 500);
  await assert.rejects(place.refresh(second.refresh), refuses("revoked"));
  assert.equal((await place.phone())?.session, undefined);
});
