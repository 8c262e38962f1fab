/** What a sign-in costs before the store is asked: `deno bench bench/tokens_bench.ts`. */
import { systemClock, systemRandom } from "../server/clock.ts";
import { createTokens } from "../server/auth/mod.ts";

const TTL_SECONDS = 3600;

const tokens = await createTokens({
  secret: new TextEncoder().encode("a secret that benchmarks share, of more than 32 bytes"),
  maxAgeSeconds: TTL_SECONDS,
  now: systemClock.now,
  random: systemRandom,
});
const token = await tokens.sign({ user: "user17", device: "phone", ttlSeconds: TTL_SECONDS });
const forged = `${token.slice(0, -4)}AAAA`;

Deno.bench("Tokens.sign()", { group: "tokens", baseline: true }, async () => {
  await tokens.sign({ user: "user17", device: "phone", ttlSeconds: TTL_SECONDS });
});
Deno.bench("Tokens.verify()", { group: "tokens" }, async () => {
  await tokens.verify(token);
});
Deno.bench("Tokens.verify() of a forged token", { group: "tokens" }, async () => {
  await tokens.verify(forged).catch(() => {});
});
