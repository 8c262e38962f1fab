import assert from "node:assert/strict";
import { localDateTime } from "./local_time.ts";
import { reportJson, reportLines, userJson, userLines } from "./user_output.ts";

const BOB = { id: "bob", name: "Bob", picture: "https://example.com/b", registered: 0 };

const REPORT = {
  user: BOB,
  waiting: { messages: 2, bytes: 2048 },
  devices: [
    {
      id: "phone",
      platform: "ios",
      name: "Bob's\u001b phone",
      seen: 1000,
      push: "apns",
      session: 2000,
      cursor: 7,
      online: true,
    },
    { id: "tty", seen: 3000, cursor: null, online: false },
  ],
} as const;

Deno.test("userJson() has times as in RFC 3339", () => {
  assert.deepEqual(userJson(BOB), { ...BOB, registered: "1970-01-01T00:00:00.000Z" });
});

Deno.test("userLines() makes a table", () => {
  const [heading, row, ...rest] = userLines([{ ...BOB, email: "bob@example.com" }]);
  assert.match(heading ?? "", /^USER +NAME +EMAIL +REGISTERED$/);
  assert.equal(row, `bob   Bob   bob@example.com  ${localDateTime(0)}`);
  assert.deepEqual(rest, []);
});

Deno.test("reportJson() says of each device what is known, and when its session ends", () => {
  assert.deepEqual(reportJson(REPORT), {
    ...BOB,
    registered: "1970-01-01T00:00:00.000Z",
    waiting: REPORT.waiting,
    devices: [
      {
        ...REPORT.devices[0],
        seen: "1970-01-01T00:00:01.000Z",
        session: "1970-01-01T00:00:02.000Z",
      },
      { ...REPORT.devices[1], seen: "1970-01-01T00:00:03.000Z" },
    ],
  });
});

Deno.test("reportLines() says of each device what is known", () => {
  const lines = reportLines(REPORT);
  assert.deepEqual(lines.slice(0, 6), [
    "user        bob",
    "name        Bob",
    "picture     https://example.com/b",
    `registered  ${localDateTime(0)}`,
    "waiting     2 messages, 2.0 KiB",
    "",
  ]);
  const cells = lines.slice(6).map((line) => line.split(/ {2,}/));
  assert.deepEqual(cells, [
    ["DEVICE", "PLATFORM", "NAME", "SEEN", "CURSOR", "PUSH", "SESSION ENDS", "ONLINE"],
    ["phone", "ios", "Bob's␛ phone", localDateTime(1000), "7", "apns", localDateTime(2000), "yes"],
    ["tty", "-", "-", localDateTime(3000), "-", "-", "-", "no"],
  ]);
});

Deno.test("reportLines() says that there are no devices", () => {
  assert.equal(reportLines({ ...REPORT, devices: [] }).at(-1), "No devices");
});
