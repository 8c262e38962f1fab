/** What a sign-in costs before the store is asked: `deno bench bench/tokens_bench.ts`. */
import { SignJWT } from "jose";
import { systemClock, systemRandom } from "../server/clock.ts";
import { createTokens, type Tokens } from "../server/auth/mod.ts";

const TTL_SECONDS = 3600;

/** Requests for tokens that come at once, as when many devices come back after a restart. */
const AT_ONCE = 100;

const SECRETS = ["newest", "old", "oldest"].map((age) =>
  new TextEncoder().encode(`the ${age} secret that benchmarks share, of more than 32 bytes`)
);

function tokensOf(secrets: typeof SECRETS): Promise<Tokens> {
  return createTokens({
    secrets,
    maxAgeSeconds: TTL_SECONDS,
    now: systemClock.now,
    random: systemRandom,
  });
}

const tokens = await tokensOf(SECRETS.slice(0, 1));
const rotated = await tokensOf(SECRETS);
const request = { user: "user17", device: "phone", session: "s17", ttlSeconds: TTL_SECONDS };
const refreshRequest = { ...request, generation: 1 };

const token = await tokens.sign(request);
const refresh = await tokens.signRefresh(refreshRequest);
const oldest = await (await tokensOf(SECRETS.slice(2))).sign(request);
const forged = `${token.slice(0, -4)}AAAA`;
const unnamed = await foreign();

/** A token of somebody else, without an id: its hash stands for one. */
async function foreign(): Promise<string> {
  return await new SignJWT({ sub: "user17" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(SECRETS[0] ?? new Uint8Array());
}

/** What `auth.refresh` does: one token is checked and two are signed. */
async function refreshPair(): Promise<void> {
  await tokens.verifyRefresh(refresh);
  await tokens.sign(request);
  await tokens.signRefresh(refreshRequest);
}

Deno.bench("Tokens.sign()", { group: "tokens", baseline: true }, async () => {
  await tokens.sign(request);
});
Deno.bench("Tokens.verify()", { group: "tokens" }, async () => {
  await tokens.verify(token);
});
Deno.bench("Tokens.verify() of a token without an id", { group: "tokens" }, async () => {
  await tokens.verify(unnamed);
});
Deno.bench("Tokens.verify() with the third of three secrets", { group: "tokens" }, async () => {
  await rotated.verify(oldest);
});
Deno.bench("Tokens.verify() of a forged token", { group: "tokens" }, async () => {
  await tokens.verify(forged).catch(() => {});
});
Deno.bench("a refresh: verifyRefresh(), sign(), signRefresh()", { group: "tokens" }, refreshPair);
Deno.bench(`${AT_ONCE} verify() and sign() at once`, { group: "at once" }, async () => {
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    await tokens.verify(token);
    await tokens.sign(request);
  }));
});
Deno.bench(`${AT_ONCE} refreshes at once`, { group: "at once" }, async () => {
  await Promise.all(Array.from({ length: AT_ONCE }, refreshPair));
});
