/**
 * What counting costs a message: everything that is done for telemetry on its path. A message
 * itself takes 20 microseconds and more.
 */
import { Telemetry } from "../server/telemetry/mod.ts";
import type { Entry } from "../store/mod.ts";

const NOW = Date.now();

const ENTRY: Entry = {
  id: "01JD8Z0000000000000000000",
  kind: "message",
  sender: "ann",
  from: "ann",
  to: "bob",
  device: "phone",
  time: NOW,
  expires: NOW + 3_600_000,
  receipt: false,
  urgent: false,
  body: "{}",
  bytes: 150,
  position: 1,
};

/** As many as one commit has at a window of 16 messages. */
const MESSAGES = 100;

const ENTRIES = Array.from({ length: MESSAGES }, (_, n) => ({ ...ENTRY, time: NOW - n % 20 }));

const telemetry = new Telemetry();

Deno.bench(`telemetry of ${MESSAGES} messages in one commit`, () => {
  telemetry.wrote({ ms: 2.3, bytes: 15_000, entries: ENTRIES }, NOW);
  for (const entry of ENTRIES) {
    // The request and its answer, the delivery and its acknowledgement.
    telemetry.rpc.calls++;
    telemetry.rpc.results++;
    telemetry.sent += 1;
    telemetry.redelivered += 0;
    telemetry.rpc.replies++;
    telemetry.delivered++;
    telemetry.deliveredMs.observe(Date.now() - entry.time);
  }
});
