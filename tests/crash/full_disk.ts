/**
 * A run on a disk that becomes full, stays full for a while, and has room again.
 *
 * @module
 */
import assert from "node:assert/strict";
import { RPC_ERRORS } from "../../rpc/rpc_error.ts";
import { AnsweredError, TestClient } from "../harness/client.ts";
import { makeToken } from "../harness/server_process.ts";
import { CrashRun } from "./crash_run.ts";
import type { Figures } from "./figures.ts";
import { ordinary } from "./habits.ts";
import { acceptanceOf, type Attempt } from "./history.ts";
import { SmallDisk } from "./small_disk.ts";
import { describe } from "./violation.ts";

/**
 * The disk, and what of it is given back later: the rest has to be filled with messages, and that
 * must not be filled again until the end.
 */
const DISK_MEBIBYTES = 138;
const BALLAST_MEBIBYTES = 128;

/** How long anything may take that has to happen, in milliseconds. */
const WAIT_MS_MAX = 30_000;

/** From when there is room again to the kill: what waited in memory is on disk by then. */
const RECOVERED_MS = 4000;

/** How often something is tried on a full disk until it is refused. */
const PROBES_MAX = 100;

/** Options for {@linkcode fillAndRecover}. */
export interface FullDiskOptions {
  readonly seed: number;
  /** How long the disk stays full, in milliseconds. */
  readonly fullMs: number;
}

/** Fills the disk, makes room, kills the server, and checks that nothing accepted was lost. */
export async function fillAndRecover({ seed, fullMs }: FullDiskOptions): Promise<Figures> {
  await using disk = await SmallDisk.mount(DISK_MEBIBYTES);
  await disk.take(BALLAST_MEBIBYTES);
  const sender = { targets: ["slow", "slow", "never"], textChars: 10_000 };
  const habits = [
    ordinary({ user: "named", ...sender, cids: true, pipeline: 3 }),
    ordinary({ user: "positional", ...sender, form: "positional", batch: 4 }),
    ordinary({ user: "careless", ...sender, pipeline: 2 }),
    ordinary({ user: "slow", acknowledges: "late", window: 4 }),
    ordinary({ user: "never", acknowledges: "never" }),
  ];
  const refusals = [RPC_ERRORS.unavailable.code];
  await using run = await CrashRun.start({ seed, habits, dataDir: disk.dataDir, refusals });
  const token = await makeToken(disk.dataDir, undefined, { user: "probe" });
  await using client = await TestClient.connect(await run.stage.url(), { token });
  const senders = run.history.devices.filter(({ user }) =>
    sender.targets.every((to) => to !== user)
  );
  const answers = (kind: "accepted" | "refused", since: number) =>
    senders.every(({ sent }) => sent.some(({ attempts }) => attempts.some(isAnswer(kind, since))));
  const slow = run.history.devices.find(({ user }) => user === "slow");
  const delivered = () => slow?.connections.reduce((sum, it) => sum + it.deliveries.length, 0) ?? 0;

  await until(run, "every sender is refused", () => answers("refused", 0));
  const [full, deliveredBefore] = [run.stage.now(), delivered()];
  await until(run, "what waits is delivered", () => delivered() > deliveredBefore + 10);
  await probe(run, client);
  await until(run, "the time has passed", () => run.stage.now() > full + fullMs, fullMs + 1000);
  const late = run.stage.now();
  await until(run, "the server still answers", () => answers("refused", late));

  await disk.giveBack();
  const recovered = run.stage.now();
  await until(run, "every sender succeeds by trying again", () => answers("accepted", recovered));
  await until(
    run,
    "nobody is refused any more",
    () =>
      senders.every(({ sent }) =>
        sent.every((message) =>
          acceptanceOf(message) !== undefined || !wasRefused(message.attempts)
        )
      ),
  );
  await run.live({ ms: RECOVERED_MS });
  await run.drain();
  const exitCode = await run.end();
  assert.equal(describe(run.check()), "", `seed ${seed}`);
  assert.equal(exitCode, 0);
  return run.figures();
}

/** What a client is told that comes to a full disk, and one that sends to it. */
async function probe({ stage, dataDir }: CrashRun, client: TestClient): Promise<void> {
  const url = await stage.url();
  // Something small may still find room, and then it must have worked.
  const attempts = Array.from({ length: PROBES_MAX }, (_, index) => `new${index}`);
  await assert.rejects(async () => {
    for (const user of attempts) {
      const token = await makeToken(dataDir, undefined, { user });
      await using _client = await TestClient.connect(url, { token });
    }
  }, isRetryable);
  await assert.rejects(async () => {
    for (const cid of attempts) await client.sendMessage("probe", "x".repeat(40_000), { cid });
  }, isRetryable);
}

function isRetryable(error: unknown): true {
  assert.ok(error instanceof AnsweredError, String(error));
  assert.equal(error.code, RPC_ERRORS.unavailable.code);
  assert.equal(error.data["name"], "unavailable");
  assert.equal(error.data["retryable"], true);
  return true;
}

async function until(
  run: CrashRun,
  what: string,
  condition: () => boolean,
  ms = WAIT_MS_MAX,
): Promise<void> {
  const deadline = run.stage.now() + ms;
  while (!condition()) {
    assert.ok(run.stage.now() < deadline, `waited in vain: ${what}\n${run.output()}`);
    await run.stage.pause(50);
  }
}

function isAnswer(kind: "accepted" | "refused", since: number): (attempt: Attempt) => boolean {
  return ({ at, answer }) => answer?.kind === kind && at > since;
}

function wasRefused(attempts: readonly Attempt[]): boolean {
  return attempts.some(({ answer }) => answer?.kind === "refused");
}
