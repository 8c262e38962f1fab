/**
 * What it takes to know who somebody is, the store included: `deno bench
 * bench/authentication_bench.ts`. An iteration is 1,000 tokens, 64 at once, as after a restart when
 * everybody comes back; so 1,000 times the iterations a second is authentications a second. For one
 * core, put `taskset -c 0` in front. The store is in `TMPDIR`, which has to be on a real disk.
 */
import { createTokens, Credentials, FailureLockout, Sessions } from "../server/auth/mod.ts";
import { systemClock, systemRandom } from "../server/clock.ts";
import { silentLog } from "../server/log.ts";
import { createIssuers } from "../server/oidc/mod.ts";
import { openKvStore } from "../store/kv/mod.ts";

const USERS = 1000;
const AT_ONCE = 64;
const ADDRESS = "192.0.2.1";
const HOUR = 3600;

const { now, monotonic } = systemClock;
const path = await Deno.makeTempDir({ prefix: "titan-bench-" });
const store = await openKvStore(`${path}/titan.kv`, {
  clock: systemClock,
  limits: { mailboxMessages: 1e6, mailboxBytes: 1e9, backlogBytes: 1e9 },
  owner: { bench: "authentication" },
  epoch: "bench",
  lost: () => console.error("The store was lost to another process"),
  failed: (error) => console.error(error),
});
const tokens = await createTokens({
  secrets: [new TextEncoder().encode("a secret that benchmarks share, of more than 32 bytes")],
  maxAgeSeconds: HOUR,
  now,
  random: systemRandom,
});
const sessions = new Sessions({
  devices: store.devices,
  revocations: store.revocations,
  tokens,
  now,
  random: systemRandom,
  accessSeconds: HOUR,
  refreshSeconds: HOUR,
  lastingSeconds: HOUR,
  ended: () => {},
});
const credentials = new Credentials({
  tokens,
  issuers: createIssuers({
    issuers: [],
    fetch: () => Promise.reject(new Error("Nobody is to be asked")),
    clock: systemClock,
  }),
  lockout: new FailureLockout({
    account: { failures: 5, ms: 60_000 },
    address: { failures: 10, ms: 600_000 },
    exempt: () => false,
    entries: USERS,
    monotonic,
  }),
  store,
  log: silentLog,
});
const users = Array.from({ length: USERS }, (_, index) => `user${index}`);
const ours = await Promise.all(users.map(async (user) => {
  await store.users.create({ id: user, registered: now() });
  return (await sessions.open({ user, device: "phone" }, true)).tokens.token;
}));
const deployments = await Promise.all(users.map((user) => tokens.sign({ user, ttlSeconds: HOUR })));

/** Does something for each of a list, some of them at the same time. */
async function each<T>(list: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const items = list.values();
  const worker = async () => {
    for (const item of items) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

const group = "authentication, 1,000";
Deno.bench("a token of the deployment", { group, baseline: true }, async () => {
  await each(deployments, (token) => credentials.verify(token, ADDRESS));
});
Deno.bench("an access token of a session", { group }, async () => {
  await each(ours, (token) => credentials.verify(token, ADDRESS));
});
Deno.bench("a new session: two tokens, on disk", { group }, async () => {
  await each(users, (user) => sessions.open({ user, device: "phone" }, true));
});

globalThis.addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
