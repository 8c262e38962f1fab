/**
 * Killing the process while it removes a user who asked for it: afterwards there is all of the
 * user, or nothing.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Key } from "../../store/kv/database.ts";
import { senderMark } from "../../store/kv/keys.ts";
import { parseJson } from "../../store/kv/values.ts";
import { TestClient } from "../harness/client.ts";
import { LocalIssuer } from "../harness/local_issuer.ts";
import { startServer } from "../harness/server_process.ts";
import type { KillPoint } from "./fault.ts";
import { startFaulty } from "./faulty_server.ts";
import { keysOf, rowsOf } from "./rows.ts";

/** Who is removed, and how the issuer calls them. */
const SUBJECT = "victim";
const USER = `google:${SUBJECT}`;
const AUDIENCE = "titan-app";

/** Messages that wait for the user who is removed. */
const MESSAGES = 50;

/** How long it may take until they are rows, in milliseconds. */
const SETTLE_MS_MAX = 20_000;

/** What belongs to one user, by the first part of its keys. */
const BELONGINGS = ["users", "devices", "mailboxes", "messages", "expiries", "cids"];
const INDEXES = ["emails", "pushes"];
const NEVER_LEFT = ["aside", "removals"];

/** Where everything is, and who signs tokens. */
interface Scene {
  readonly dataDir: string;
  readonly issuer: LocalIssuer;
  readonly env: Readonly<Record<string, string>>;
}

/** Goes through a removal that dies at a point. @returns whether the user was removed */
export async function dieRemoving(kill: KillPoint): Promise<boolean> {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-removal-" });
  await using issuer = LocalIssuer.start({ algorithms: ["ES256"], audience: AUDIENCE });
  const env = { GOOGLE_CLIENT_ID: AUDIENCE, TITAN_GOOGLE_ISSUER: issuer.url };
  try {
    const token = await fill({ dataDir, issuer, env });
    await using dying = await startFaulty({ kill }, { dataDir, env });
    // Nobody is left to answer.
    await assert.rejects(ask(dying.url, "user.delete", {}, token));
    const { signal } = await dying.ended;
    assert.equal(signal, "SIGKILL");
    return await look(dataDir, token);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/**
 * Has messages wait for the user, and remembers what the user sent, all as rows. The user has an
 * address, devices that can be woken, and logged out once.
 *
 * @returns a token of the user's
 */
async function fill({ dataDir, issuer, env }: Scene): Promise<string> {
  await using server = await startFaulty({ hurry: 10 }, { dataDir, env });
  const signIn = async (device: string) => {
    // With its milliseconds: a token of the second in which the victim was removed is refused.
    const iat = Date.now() / 1000;
    const idToken = issuer.token({ sub: SUBJECT, email: "victim@example.org", iat });
    const { token } = await ask(server.url, "auth.google", { token: idToken, device });
    return String(token);
  };
  await ask(server.url, "auth.logoutAll", {}, await signIn("phone"));
  const token = await signIn("phone");
  for (const [device, own] of [["phone", token], ["tablet", await signIn("tablet")]] as const) {
    const push = { provider: "fcm", token: `push-${device}` };
    await ask(server.url, "device.register", { platform: "android", push }, own);
  }
  await using victim = await TestClient.connect(server.url, {
    token,
    device: "phone",
    acknowledge: false,
  });
  await using sender = await TestClient.connect(server.url, {
    token: await server.token("sender"),
  });
  const text = "x".repeat(2000);
  const messages = Array.from({ length: MESSAGES }, () => ({ to: USER, message: text }));
  assert.equal((await sender.sendMessages(messages)).accepted.length, MESSAGES);
  await victim.sendMessage("sender", "mine", { cid: "1" });
  const deadline = performance.now() + SETTLE_MS_MAX;
  for (const name of ["messages", "cids"]) {
    while (!(await keysOf(dataDir, name)).some(isOfUser)) {
      assert.ok(performance.now() < deadline, `"${name}" never became rows`);
    }
  }
  await server.stop("SIGKILL");
  return token;
}

/** Starts once more, which finishes what is unfinished, and looks at what there is. */
async function look(dataDir: string, before: string): Promise<boolean> {
  await using server = await startServer({ dataDir });
  await server.stop("SIGTERM");
  const left = await belongings(dataDir);
  const isRemoved = !left.includes("users");
  assert.deepEqual(left, isRemoved ? [] : [...BELONGINGS, ...INDEXES]);
  await using again = await startServer({ dataDir });
  const isRefused = await ask(again.url, "user.me", {}, before).then(() => false, () => true);
  const token = await again.token(USER);
  await using victim = await TestClient.connect(again.url, { token, device: "phone" });
  assert.equal(victim.welcome?.pending, isRemoved ? 0 : MESSAGES);
  const { devices } = await victim.request("device.list") as { devices: { push?: string }[] };
  const pushes = devices.map(({ push }) => push);
  assert.deepEqual(pushes, isRemoved ? [undefined] : ["fcm", "fcm"]);
  assert.equal(isRefused, isRemoved, "A token counts as long as its user is there");
  return isRemoved;
}

/** The names of the tables that have something of the user. */
async function belongings(dataDir: string): Promise<readonly string[]> {
  const left: string[] = [];
  for (const name of [...BELONGINGS, ...INDEXES, ...NEVER_LEFT]) {
    const rows = await rowsOf(dataDir, name);
    const isLeft = rows.some(({ key, value }) =>
      isOfUser(key) ||
      (name === "pushes" && parseJson<{ user: string }>(value).user === USER)
    );
    if (isLeft) left.push(name);
  }
  return left;
}

/** Whether a key is of the user who is removed. */
function isOfUser(key: Key): boolean {
  return key.includes(USER) || key.includes(senderMark(USER));
}

/** Asks by `POST /rpc`. @throws where it is refused, or the server dies. */
async function ask(
  url: string,
  method: string,
  params: object,
  token?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/rpc`, {
    method: "POST",
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = await response.json();
  if (error !== undefined) throw new Error(`Cannot ${method}: ${error.message}`);
  return result;
}
