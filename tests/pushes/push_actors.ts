/**
 * Those who send to sleeping devices all the time, and those whose device is here now and then.
 *
 * @module
 */
import type { Seeded } from "../crash/seeded.ts";
import type { Stage } from "../crash/stage.ts";
import { TestClient } from "../harness/client.ts";
import type { ReceiverRecord, SentRecord } from "./push_history.ts";

/** What every actor has. */
export interface PushActorParts {
  readonly stage: Stage;
  readonly chance: Seeded;
  readonly token: string;
}

/** Receivers that one request is for, at most. */
const BATCH_MAX = 6;

/** Between two requests of one sender, in milliseconds. */
const PAUSE_MS_MAX = 30;

/** How often a message is urgent. */
const URGENT = 0.4;

/** A visit, and the time between two, in milliseconds. */
const VISIT_MS_MAX = 800;
const ABSENCE_MS_MAX = 2500;

/** Before a sign-in that failed is tried again, in milliseconds. */
const RETRY_MS = 50;

/**
 * Sends to some receivers, to whom nobody else sends, as long as the run is live. What was not
 * answered is not sent again: nobody knows whether it was accepted, and nothing is promised of it.
 */
export async function keepSending(
  receivers: readonly ReceiverRecord[],
  { stage, chance, token }: PushActorParts,
): Promise<void> {
  while (stage.phase === "live") {
    await using client = await enter(stage, { token, receipts: false });
    while (client?.isOpen && stage.phase === "live") {
      await send(client, receivers, chance);
      await Promise.race([client.closed, stage.pause(chance.whole(0, PAUSE_MS_MAX))]);
    }
  }
}

/** Comes now and then, takes what waits, acknowledges it or does not, and leaves. */
export async function keepVisiting(
  receiver: ReceiverRecord,
  { stage, chance, token }: PushActorParts,
): Promise<void> {
  while (stage.phase === "live") {
    await stage.pause(chance.whole(0, ABSENCE_MS_MAX));
    if (stage.phase !== "live") return;
    const acknowledge = chance.chance(0.7);
    await using client = await enter(stage, { token, acknowledge });
    if (client === null) continue;
    await Promise.race([client.closed, stage.pause(chance.whole(0, VISIT_MS_MAX))]);
    await client.close();
    if (!acknowledge) continue;
    for (const { message } of client.messages) receiver.acknowledged.add(Number(message));
  }
}

/** Says once where the device of a receiver is woken. */
export async function register(
  { token: push }: ReceiverRecord,
  { stage, token }: Pick<PushActorParts, "stage" | "token">,
): Promise<void> {
  await using client = await TestClient.connect(await stage.url(), { token });
  await client.request("device.register", {
    platform: "ios",
    push: { provider: "apns", token: push },
  });
}

/** A client, once the server is there; null where it went away meanwhile. */
async function enter(
  stage: Stage,
  options: { token: string; receipts?: boolean; acknowledge?: boolean },
): Promise<TestClient | null> {
  const url = await stage.url();
  if (stage.phase !== "live") return null;
  try {
    return await TestClient.connect(url, options);
  } catch {
    // It was killed: the next one is waited for.
    await stage.pause(RETRY_MS);
    return null;
  }
}

async function send(
  client: TestClient,
  receivers: readonly ReceiverRecord[],
  chance: Seeded,
): Promise<void> {
  const count = chance.whole(1, BATCH_MAX);
  const batch = Array.from({ length: count }, () => write(chance.pick(receivers), chance));
  const items = batch.map(({ to, record: { seq, urgent } }) => ({ to, message: `${seq}`, urgent }));
  try {
    const { accepted, rejected } = await client.sendMessages(items);
    const at = performance.now();
    for (const { index } of accepted) {
      const sent = batch[index]?.record;
      if (sent !== undefined) sent.acceptedAt = at;
    }
    // Nothing in a run is a reason to refuse.
    if (rejected.length > 0) throw new RefusedError(JSON.stringify(rejected[0]));
  } catch (error) {
    if (error instanceof RefusedError || client.isOpen) throw error;
  }
}

/** The server refused a message. */
class RefusedError extends Error {}

function write(
  { user, sent }: ReceiverRecord,
  chance: Seeded,
): { readonly to: string; readonly record: SentRecord } {
  const record: SentRecord = {
    seq: sent.length + 1,
    urgent: chance.chance(URGENT),
    sentAt: performance.now(),
    acceptedAt: undefined,
  };
  sent.push(record);
  return { to: user, record };
}
