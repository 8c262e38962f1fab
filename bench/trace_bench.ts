/**
 * What tracing costs a message: everything that is done for it on the message's path. A message
 * itself takes 20 microseconds and more.
 */
import { createUlid } from "../rpc/mod.ts";
import { systemClock, systemRandom } from "../server/clock.ts";
import { Tracer } from "../server/trace/mod.ts";
import type { Entry } from "../store/mod.ts";

const NOW = systemClock.now();

/** As many as one commit has at a window of 16 messages. */
const MESSAGES = 100;

const BOB = { user: "bob", device: "phone" };

/** The time that the benchmark says it is, in milliseconds since 1970. */
let now = NOW;

const newId = createUlid(() => now, systemRandom);

function entriesAt(time: number): Entry[] {
  return Array.from({ length: MESSAGES }, (_, position) => ({
    id: newId(),
    kind: "message",
    sender: "ann",
    from: "ann",
    to: `bob${position}`,
    device: "laptop",
    time,
    expires: time + 3_600_000,
    receipt: false,
    urgent: false,
    body: "{}",
    bytes: 150,
    position,
  }));
}

/** @param stepMs how far the commits are apart */
function bench(name: string, stepMs: number): void {
  const tracer = new Tracer({ now: () => now });
  now = NOW;
  Deno.bench(`${name}: ${MESSAGES} messages in one commit`, (timer) => {
    now += stepMs;
    const entries = entriesAt(now);
    const batches = entries.map((entry) => [{ entry, redelivered: 0 }]);
    now += 2;
    timer.start();
    tracer.committed({ ms: 2, bytes: 15_000, entries }, now);
    for (const batch of batches) {
      tracer.written(batch, BOB);
      tracer.answered({ acknowledged: batch, refused: [] }, BOB);
    }
    timer.end();
  });
}

bench("50,000 messages a second, of which a sample is traced", 0);
bench("100 messages a second, all traced", 998);
