/**
 * Somebody who sends urgent messages to users who are away, at a steady rate.
 *
 * @module
 */
import { createTokens } from "../../server/auth/mod.ts";
import { systemClock, systemRandom } from "../../server/clock.ts";
import { TestClient } from "../../tests/harness/client.ts";
import { offlineUser } from "./fill_store.ts";

/** How to send. */
export interface UrgentSending {
  /** `host:port` */
  readonly address: string;
  /** What signs tokens. */
  readonly secret: string;
  /** To whom: so many users in turn. */
  readonly users: number;
  /** Messages a second. */
  readonly rate: number;
}

/** Messages go in bundles, so many a second: what is measured is not how they come. */
const BUNDLES_PER_SECOND = 10;

const TOKEN_SECONDS = 3600;

/** Sends until it is disposed of. */
export async function sendUrgently(sending: UrgentSending): Promise<AsyncDisposable> {
  const { address, secret, users, rate } = sending;
  const tokens = await createTokens({
    secrets: [new TextEncoder().encode(secret)],
    maxAgeSeconds: TOKEN_SECONDS,
    now: () => systemClock.now(),
    random: systemRandom,
  });
  const token = await tokens.sign({ user: "urgent", ttlSeconds: TOKEN_SECONDS });
  const client = await TestClient.connect(`http://${address}`, { token });
  let next = 0;
  const send = () => {
    const messages = Array.from({ length: Math.round(rate / BUNDLES_PER_SECOND) }, () => {
      return { to: offlineUser(next++ % users), message: "Wake up", urgent: true };
    });
    // A server that is too slow shows in the figures.
    client.sendMessages(messages).catch(() => {});
  };
  const timer = setInterval(send, 1000 / BUNDLES_PER_SECOND);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await client[Symbol.asyncDispose]();
    },
  };
}
