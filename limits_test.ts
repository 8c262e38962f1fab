import assert from "node:assert/strict";
import * as limits from "./limits.ts";
import { APNS_IN_FLIGHT_MAX } from "./push/apns/mod.ts";
import { FCM_IN_FLIGHT_MAX } from "./push/fcm/mod.ts";
import * as web from "./push/web/web_push_provider.ts";
import { CLOSE, type CloseCode } from "./server/close_code.ts";
import { SWEEP_MS } from "./server/push/outbox_sweep.ts";

const CLOSES: readonly (readonly [name: string, close: CloseCode])[] = Object.entries(CLOSE);

/** What a message adds to its text in a frame: ids of the longest kind, escapes, member names. */
const ENVELOPE_BYTES = 4 * 1024;

/** The seconds that a text names. */
function secondsIn(text: string): number {
  return Number(/(\d+) s\b/.exec(text)?.[1]);
}

Deno.test("limits are whole numbers above 0", () => {
  for (const [name, value] of Object.entries(limits)) {
    assert.ok(Number.isSafeInteger(value) && value > 0, name);
  }
});

Deno.test("limits: a text fits into a value of the store and, twice as long escaped, into a frame", () => {
  const ids = 3 * limits.USER_ID_BYTES_MAX + limits.DEVICE_ID_BYTES_MAX + limits.CID_BYTES_MAX;
  assert.ok(ids < ENVELOPE_BYTES);
  assert.ok(limits.MESSAGE_TEXT_BYTES_MAX + ENVELOPE_BYTES <= 64 * 1024);
  const escaped = JSON.stringify('"'.repeat(limits.MESSAGE_TEXT_BYTES_MAX)).length;
  assert.ok(escaped + ENVELOPE_BYTES <= limits.FRAME_BYTES_MAX);
});

Deno.test("limits: a frame is admitted whole, and so is every batch that fits into one", () => {
  assert.ok(limits.FRAME_BYTES_MAX <= limits.REQUESTS_BYTES_MAX);
  assert.ok(limits.FRAME_BYTES_MAX <= limits.COMMIT_BACKLOG_BYTES_MAX);
  assert.ok(limits.BATCH_REQUESTS_MAX <= limits.REQUESTS_MAX);
  // A connection may not hold the whole backlog of all.
  assert.ok(limits.REQUESTS_BYTES_MAX * 2 <= limits.COMMIT_BACKLOG_BYTES_MAX);
});

Deno.test("limits: a token fits into a frame, and ids into a token", () => {
  assert.ok(limits.TOKEN_CHARS_MAX + ENVELOPE_BYTES <= limits.FRAME_BYTES_MAX);
  const ids = limits.USER_ID_BYTES_MAX + limits.DEVICE_ID_BYTES_MAX;
  assert.ok(ids * 2 < limits.TOKEN_CHARS_MAX);
});

Deno.test("limits: what is in flight never closes a connection as slow", () => {
  assert.ok(limits.WINDOW_BYTES_MAX + limits.FRAME_BYTES_MAX < limits.OUTGOING_BYTES_MAX);
  // A single text goes even where the window is full, alone.
  assert.ok(limits.MESSAGE_TEXT_BYTES_MAX < limits.WINDOW_BYTES_MAX);
});

Deno.test("limits: windows nest", () => {
  assert.ok(limits.WINDOW_MESSAGES_DEFAULT <= limits.WINDOW_MESSAGES_MAX);
  assert.ok(limits.WINDOW_MESSAGES_MAX < limits.OUTSTANDING_MAX);
});

Deno.test("limits: one send fits into the burst of its sender and the mailbox of its receiver", () => {
  assert.ok(limits.SEND_MESSAGES_MAX <= limits.SEND_BURST_DEFAULT);
  assert.ok(limits.SEND_RATE_DEFAULT <= limits.SEND_BURST_DEFAULT);
  assert.ok(limits.SEND_MESSAGES_MAX <= limits.MAILBOX_MESSAGES_DEFAULT);
  assert.ok(limits.FRAME_BYTES_MAX <= limits.MAILBOX_BYTES_DEFAULT);
});

Deno.test("limits: those per address are below those in all, and those not signed in below those of all", () => {
  assert.ok(limits.ADDRESS_CONNECTIONS_DEFAULT < limits.CONNECTIONS_MAX);
  assert.ok(limits.ADDRESS_UNAUTHENTICATED_MAX < limits.UNAUTHENTICATED_MAX);
  assert.ok(limits.UNAUTHENTICATED_MAX < limits.CONNECTIONS_MAX);
  assert.ok(limits.ADDRESS_UNAUTHENTICATED_MAX < limits.ADDRESS_CONNECTIONS_DEFAULT);
  // Every live user can have an entry in a table.
  assert.ok(limits.TABLE_ENTRIES_MAX >= limits.CONNECTIONS_MAX);
});

Deno.test("limits: one account waits before its address does, and for less long", () => {
  assert.ok(limits.ACCOUNT_FAILURES_MAX < limits.ADDRESS_FAILURES_MAX);
  assert.ok(limits.ACCOUNT_FAILURES_MS < limits.ADDRESS_FAILURES_MS);
});

Deno.test("limits: a message is set aside as refused before it looks unacknowledged", () => {
  const backoffs = Array.from(
    { length: limits.REFUSALS_MAX - 1 },
    (_, n) => limits.REFUSAL_BACKOFF_MS * 2 ** n,
  );
  assert.ok(backoffs.reduce((sum, ms) => sum + ms) < limits.ACK_MS_MAX);
});

Deno.test("limits: whoever is asked for a sign of life has less time than between two askings", () => {
  assert.ok(limits.PONG_MS_MAX < limits.ACK_MS_MAX);
  assert.ok(limits.SILENCE_MS_MAX < limits.ACK_MS_MAX);
  assert.ok(limits.PONG_MS_MAX < limits.HEARTBEAT_SECONDS * 1000);
  assert.ok(limits.SIGN_IN_MS_MAX < limits.HEARTBEAT_SECONDS * 1000);
});

Deno.test("limits: a client id is remembered no longer than the longest message lives", () => {
  assert.ok(limits.CID_MS_MIN <= limits.TTL_SECONDS_MAX * 1000);
});

Deno.test("limits: as many pushes are on the way as a provider takes, so that none waits in it", () => {
  assert.equal(limits.PUSHES_IN_FLIGHT_MAX_APNS, APNS_IN_FLIGHT_MAX);
  assert.equal(limits.PUSHES_IN_FLIGHT_MAX_FCM, FCM_IN_FLIGHT_MAX);
  assert.equal(limits.PUSHES_IN_FLIGHT_MAX_WEB, web.IN_FLIGHT_MAX);
  assert.equal(limits.PUSHES_IN_FLIGHT_MAX_WEB_SERVICE, web.SERVICE_IN_FLIGHT_MAX);
  assert.ok(limits.PUSHES_IN_FLIGHT_MAX_WEB_SERVICE < limits.PUSHES_IN_FLIGHT_MAX_WEB);
});

Deno.test("limits: pushes that wait do not run out between two sweeps", () => {
  // Half of the room may be taken by ordinary ones, which wait for long.
  const sent = limits.PUSHES_PER_SECOND_DEFAULT * SWEEP_MS / 1000;
  assert.ok(sent <= limits.PUSHES_WAITING_MAX);
});

Deno.test("CLOSE has unique codes that a close frame may carry", () => {
  const codes = CLOSES.map(([, close]) => close.code);
  assert.equal(new Set(codes).size, codes.length);
  // RFC 6455 §7.4.2: 4000-4999 are ours; 1003 and 1009 are the RFC's own for what they say.
  for (const [name, { code }] of CLOSES) {
    const ours = [[4000, 4099], [4100, 4199], [4400, 4499]];
    const inRange = ours.some(([from = 0, to = 0]) => code >= from && code <= to);
    assert.ok(inRange || code === 1003 || code === 1009, `${name}: ${code}`);
  }
});

Deno.test("CLOSE has reasons that fit into a close frame", () => {
  for (const [name, { reason }] of CLOSES) {
    const bytes = new TextEncoder().encode(reason).length;
    assert.ok(bytes > 0 && bytes <= limits.CLOSE_REASON_BYTES_MAX, `${name}: ${bytes} bytes`);
  }
});

Deno.test("CLOSE says in words what the range of its code says", () => {
  for (const [name, { code, reason }] of CLOSES) {
    const reconnect = /: reconnect(?: after (\d+) s)?$/.exec(reason);
    if (code >= 4000 && code <= 4099) {
      assert.ok(reconnect !== null && reconnect[1] === undefined, name);
    } else if (code >= 4100 && code <= 4199) {
      assert.ok(Number(reconnect?.[1]) > 0, name);
    } else {
      assert.equal(reconnect, null, name);
    }
  }
});

Deno.test("CLOSE names the limits that were passed", () => {
  assert.match(CLOSE.frameTooLong.reason, new RegExp(` ${limits.FRAME_BYTES_MAX} bytes$`));
  assert.equal(secondsIn(CLOSE.signInLate.reason), limits.SIGN_IN_MS_MAX / 1000);
});
