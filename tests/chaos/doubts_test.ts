import assert from "node:assert/strict";
import { doubtDisk, doubtNothing, doubtServer, doubtStop } from "./doubts.ts";
import { roundFigures } from "./round_figures.ts";
import { sentAt, story } from "./story.ts";

/** Of a round in which nothing happened to anybody. */
const QUIET = roundFigures(
  story(6).history,
  { harmed: sentAt(2), released: sentAt(5), isNewServer: false },
  sentAt(6),
);

Deno.test("doubtServer() wants that something came or went again", () => {
  assert.match(doubtServer(QUIET) ?? "", /^Nothing was on its way/);
  assert.equal(doubtServer({ ...QUIET, resent: 1 }), undefined);
  assert.equal(doubtServer({ ...QUIET, redelivered: 1 }), undefined);
});

Deno.test("doubtStop() wants that nobody was served while the server stood still", () => {
  assert.match(doubtStop(QUIET) ?? "", /nobody was for 10 ms at most$/);
  assert.equal(doubtStop({ ...QUIET, pauseMs: QUIET.harmMs }), undefined);
});

Deno.test("doubtDisk() wants refusals, and none too early", () => {
  assert.match(doubtDisk(QUIET) ?? "", /^Nobody was refused/);
  assert.equal(doubtDisk({ ...QUIET, refused: 2 }), undefined);
  assert.match(
    doubtDisk({ ...QUIET, refused: 2, refusedBefore: 1 }) ?? "",
    /^1 were refused before/,
  );
  assert.equal(doubtNothing(), undefined);
});
