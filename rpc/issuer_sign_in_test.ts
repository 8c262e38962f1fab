import assert from "node:assert/strict";
import { FakeSession, GOOD_TOKEN, NOW } from "./fake_session.ts";
import { issuerAnswer, type IssuerRequest, signInWithIssuer } from "./issuer_sign_in.ts";

const ISSUED = {
  token: "access-1",
  expires: "2026-11-22T16:00:01.000Z",
  refresh: "refresh-1",
  refreshExpires: "2026-11-22T16:00:02.000Z",
};
const PROFILE = {
  name: "Ann",
  email: "ann@example.org",
  picture: "https://example.org/ann.png",
};

async function signIn(asked: Partial<IssuerRequest>, profile: object = PROFILE) {
  const session = new FakeSession();
  session.issuerUser = { id: "google:1234", registered: NOW, ...profile };
  const result = await signInWithIssuer("google", { token: GOOD_TOKEN, ...asked }, session);
  return { result, session };
}

Deno.test("signInWithIssuer() answers the ancestors' object to a token alone", async () => {
  const { result, session } = await signIn({});
  assert.deepEqual(result, { token: "access-1", id: "google:1234", ...PROFILE });
  assert.deepEqual(Object.keys(result), ["token", "id", "name", "email", "picture"]);
  assert.deepEqual(session.issuerSignIns, [
    { issuer: "google", token: GOOD_TOKEN, options: { rich: false } },
  ]);
});

Deno.test("signInWithIssuer() tells the ancestors' clients nothing with an empty text", async () => {
  const { result } = await signIn({}, {});
  assert.deepEqual(result, {
    token: "access-1",
    id: "google:1234",
    name: "",
    email: "",
    picture: "",
  });
});

Deno.test("signInWithIssuer() answers a full object to whoever asks for more", async () => {
  const { result, session } = await signIn({ device: "phone", window: 8 });
  assert.deepEqual(session.issuerSignIns[0]?.options, { device: "phone", window: 8, rich: true });
  assert.deepEqual(result, {
    ...ISSUED,
    id: "google:1234",
    ...PROFILE,
    device: "phone",
    pending: 0,
    window: 8,
    limits: {},
    heartbeat: 25,
    epoch: "e1",
  });
  assert.deepEqual(issuerAnswer.parse(result), result);
});

Deno.test("signInWithIssuer() leaves out of the full object what is not known", async () => {
  const { result } = await signIn({ receipts: false }, { name: "Ann" });
  assert.ok("name" in result && !("email" in result) && !("picture" in result));
});

Deno.test("signInWithIssuer() takes either value of refresh for the wish for more", async () => {
  for (const refresh of [true, false]) {
    const { result, session } = await signIn({ refresh });
    assert.deepEqual(session.issuerSignIns[0]?.options, { rich: true });
    assert.ok("refresh" in result && result.refresh === "refresh-1");
  }
});

Deno.test("signInWithIssuer() lets the session's refusals through", async () => {
  const session = new FakeSession();
  const refused = signInWithIssuer("google", { token: "bad" }, session);
  await assert.rejects(refused, { key: "bad_credential" });
  const unknown = signInWithIssuer("nobody", { token: GOOD_TOKEN }, session);
  await assert.rejects(unknown, { key: "not_configured" });
  assert.equal(session.identity, undefined);
});
