/**
 * An APNs on this machine, as a process of its own: prints what a server needs to reach it, then how
 * many pushes it has had, as lines of JSON.
 *
 * @module
 */
import { FAKE_TOPIC, FakeApns } from "../../push/apns/fake_apns.ts";
import { systemClock, systemRandom } from "../../server/clock.ts";

/** How often it tells, in milliseconds. */
const TELL_MS = 50;

/** How a server reaches it: the server's variables. */
export interface LocalApnsReady {
  readonly env: Readonly<Record<string, string>>;
}

/** How many pushes it has had. */
export interface LocalApnsCount {
  readonly pushes: number;
}

async function main(): Promise<void> {
  await using apns = await FakeApns.open({
    clock: systemClock,
    random: systemRandom,
    changed: () => {},
    inFlightMax: 1,
  });
  const { pem, keyId, teamId } = apns.tokens;
  const env = {
    TITAN_APNS_URL: apns.url,
    TITAN_APNS_KEY: pem,
    TITAN_APNS_KEY_ID: keyId,
    TITAN_APNS_TEAM_ID: teamId,
    TITAN_APNS_TOPIC: FAKE_TOPIC,
  };
  console.log(JSON.stringify({ env } satisfies LocalApnsReady));
  let told = 0;
  for (;;) {
    const { length: pushes } = apns.seen;
    if (pushes !== told) console.log(JSON.stringify({ pushes } satisfies LocalApnsCount));
    told = pushes;
    await new Promise((resolve) => setTimeout(resolve, TELL_MS));
  }
}

if (import.meta.main) await main();
