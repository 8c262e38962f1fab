import assert from "node:assert/strict";
import { roundFigures } from "./round_figures.ts";
import { connectionOf, sentAt, story } from "./story.ts";

/** The server was harmed between the third message and the fourth. */
const HARMED = sentAt(4) - 5;

Deno.test("roundFigures() counts what was accepted, delivered, sent again and refused", () => {
  const { history, sent, phone } = story(6);
  const [first, second] = sent;
  const repeat = { kind: "accepted", id: "id1", time: "then", duplicate: true } as const;
  first?.attempts.push({ connection: 0, at: 2000, answer: { ...repeat, at: 2001 } });
  second?.attempts.unshift({
    ...{ connection: 0, at: sentAt(1) },
    answer: { kind: "refused", at: sentAt(1) + 1, code: -32007 },
  });
  const { deliveries } = connectionOf(phone);
  const [delivery] = deliveries;
  assert.ok(delivery);
  deliveries.push({ ...delivery, redelivered: 1 });
  const moments = { harmed: HARMED, released: HARMED, isNewServer: false };
  const figures = roundFigures(history, moments, 3000);
  const { accepted, delivered, redelivered, resent, duplicates, refused } = figures;
  assert.deepEqual([accepted, delivered, redelivered], [6, 6, 1]);
  assert.deepEqual([resent, duplicates, refused], [2, 1, 1]);
});

Deno.test("roundFigures() measures from the end of the harm, and the longest silence", () => {
  const { history, sent } = story(6);
  const released = HARMED + 2;
  const moments = { harmed: HARMED, released, isNewServer: false };
  const figures = roundFigures(history, moments, sentAt(6) + 1);
  assert.equal(figures.harmMs, 2);
  assert.equal(figures.firstAckMs, sentAt(4) + 1 - released);
  assert.deepEqual([figures.pauseMs, figures.pauseAfterMs], [10, sentAt(4) + 1 - HARMED]);
  // What comes after the end belongs to the drain.
  assert.equal(roundFigures(history, moments, HARMED + 3).pauseMs, 3);
  // All that was accepted by then had arrived.
  assert.equal(figures.deliveredMs, 0);
  // Only a connection of the new server counts where there is one.
  const isNewServer = { ...moments, isNewServer: true };
  assert.equal(roundFigures(history, isNewServer, 3000).firstAckMs, undefined);
  assert.equal(sent.length, 6);
});

Deno.test("roundFigures() waits for what was accepted before the harm and came later", () => {
  const { history, phone } = story(6);
  const released = sentAt(3) + 1;
  const moments = { harmed: HARMED, released, isNewServer: false };
  const third = connectionOf(phone).deliveries[2];
  assert.ok(third);
  assert.equal(roundFigures(history, moments, 3000).deliveredMs, 1);
  connectionOf(phone).deliveries.splice(2, 1);
  assert.equal(roundFigures(history, moments, 3000).deliveredMs, undefined);
  connectionOf(phone).deliveries.push({ ...third, at: released + 500 });
  assert.equal(roundFigures(history, moments, 3000).deliveredMs, 500);
});
