import assert from "node:assert/strict";
import { createLog, LOG_FIELDS, type LogFields, type LogOptions } from "./log.ts";

/** A log whose lines a test reads. */
function capture(format: LogOptions["format"]) {
  const lines: [level: string, line: string][] = [];
  const log = createLog({
    format,
    now: () => 1_790_000_000_123,
    own: [RangeError],
    write: (level, line) => lines.push([level, line]),
  });
  return {
    log,
    lines,
    /** The last event, as a reader of JSON lines sees it. */
    last: () => JSON.parse(lines.at(-1)?.[1] ?? ""),
    /** The last line as a reader at a terminal sees it, without its colours. */
    // deno-lint-ignore no-control-regex
    seen: () => lines.at(-1)?.[1].replace(/\u001b\[\d+m/g, "") ?? "",
  };
}

/** An error whose message quotes a client, as a parser's does. */
function quoting(): Error {
  try {
    return JSON.parse("the secret");
  } catch (error) {
    assert.ok(error instanceof SyntaxError && error.message.includes("secret"));
    return error;
  }
}

Deno.test("Log.event() writes one JSON object a line", () => {
  const { log, lines } = capture("json");
  log.event("signed in", { user: "ann\n", device: "phone", ms: 3 });
  log.event("started");
  assert.deepEqual(lines, [
    [
      "info",
      '{"@timestamp":"2026-09-21T14:13:20.123Z","level":"INFO","message":"signed in",' +
      '"logger":"titan","user":"ann\\n","device":"phone","ms":3}',
    ],
    [
      "info",
      '{"@timestamp":"2026-09-21T14:13:20.123Z","level":"INFO","message":"started",' +
      '"logger":"titan"}',
    ],
  ]);
});

Deno.test("Log.event() writes a readable line for a terminal", () => {
  const { log, lines, seen } = capture("pretty");
  log.event("signed in", { user: "ann", device: "phone", ms: 3 });
  assert.match(seen(), /^\d\d:\d\d:20\.123 INF signed in user=ann device=phone ms=3$/);
  assert.notEqual(seen(), lines[0]?.[1], "expected colours");
});

Deno.test("Log writes each event at its level", () => {
  const { log, lines } = capture("json");
  log.event("a");
  log.warn("b");
  log.error("c", new Error());
  assert.deepEqual(lines.map(([level]) => level), ["info", "warning", "error"]);
  assert.deepEqual(lines.map(([, line]) => JSON.parse(line).level), ["INFO", "WARN", "ERROR"]);
});

Deno.test("Log writes no field that is not in its vocabulary", () => {
  const { log, last } = capture("json");
  const fields = { user: "ann", text: "hello", token: "x.y.z", constructor: 1, toString: 2 };
  log.warn("refused", fields as LogFields);
  assert.deepEqual(Object.keys(last()), ["@timestamp", "level", "message", "logger", "user"]);
});

Deno.test("Log writes every field of its vocabulary beside its own members", () => {
  const { log, last } = capture("json");
  const fields = Object.fromEntries(LOG_FIELDS.map((field) => [field, `a ${field}`]));
  log.error("all", new Error(), fields);
  const { "@timestamp": _, level, message, logger, error, ...others } = last();
  assert.deepEqual([level, message, logger, error.name], ["ERROR", "all", "titan", "Error"]);
  assert.deepEqual(others, fields);
});

Deno.test("Log leaves out undefined fields and cuts long ones", () => {
  const { log, last } = capture("json");
  log.event("signed in", { user: "x".repeat(256), device: "y".repeat(257), reason: undefined });
  assert.equal(last().user, "x".repeat(256));
  assert.equal(last().device, "y".repeat(256) + "...");
  assert.ok(!("reason" in last()));
});

Deno.test("Log lets no field start a line of its own or steer the terminal", () => {
  const { log, lines, seen } = capture("pretty");
  log.event("signed in", { user: "ann\n12:00:00.000 INF started\r\u001b[2J\u009b\u0007" });
  assert.ok(seen().endsWith("user=ann\\n12:00:00.000 INF started\\r\\x1b[2J\\x9b\\x07"), seen());
  assert.equal(lines[0]?.[1].split("\n").length, 1);
});

Deno.test("Log.error() tells where an error happened, and no message but Titan's own", () => {
  for (const format of ["json", "pretty"] as const) {
    const { log, lines } = capture(format);
    log.error("request failed", quoting(), { reference: "r1" });
    log.error("request failed", new RangeError("own words", { cause: quoting() }));
    log.error("request failed", "the secret");
    const [first = "", second = "", third = ""] = lines.map(([, line]) => line);
    assert.match(first, /SyntaxError/);
    assert.match(first, /log_test\.ts:\d+:\d+/);
    assert.match(first, /r1/);
    assert.match(second, /RangeError.*own words.*SyntaxError/s);
    assert.match(third, /string/);
    for (const line of [first, second, third]) assert.doesNotMatch(line, /secret/);
  }
});

Deno.test("Log.error() shows an error on a terminal with its stack and its cause", () => {
  const { log, seen } = capture("pretty");
  const cause = Object.assign(new TypeError("no"), { code: "ENOSPC" });
  log.error("commit failed", new RangeError("Cannot write", { cause }), { ms: 3 });
  const [first = "", ...others] = seen().split("\n").map((line) => line.trim());
  assert.match(first, /ERR commit failed ms=3$/);
  assert.equal(others[0], "RangeError: Cannot write");
  assert.match(others[1] ?? "", /^at .*log_test\.ts:\d+:\d+\)?$/);
  assert.ok(others.includes("caused by TypeError (ENOSPC)"), seen());
});

Deno.test("Log never throws, whatever it is given and wherever it writes", () => {
  const broken = createLog({
    format: "json",
    now: () => 0,
    own: [],
    write() {
      throw new Deno.errors.BrokenPipe();
    },
  });
  broken.event("started");
  const { log } = capture("pretty");
  log.error("odd", undefined);
  log.error("odd", {
    get message(): string {
      throw new Error();
    },
  });
  const hostile = new Error();
  Object.defineProperty(hostile, "stack", {
    get() {
      throw new Error();
    },
  });
  log.error("hostile", hostile);
});

Deno.test("createLog() leaves out what matters less than its level", () => {
  const written = (level: "info" | "warning" | "error") => {
    const levels: string[] = [];
    const log = createLog({
      format: "json",
      level,
      now: () => 0,
      own: [],
      write: (level) => void levels.push(level),
    });
    log.event("a");
    log.warn("b");
    log.error("c", new Error("d"));
    return levels;
  };
  assert.deepEqual(written("info"), ["info", "warning", "error"]);
  assert.deepEqual(written("warning"), ["warning", "error"]);
  assert.deepEqual(written("error"), ["error"]);
});
