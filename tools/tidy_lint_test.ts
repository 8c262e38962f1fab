/**
 * Every rule of the plugin is shown a planted fault and its clean neighbour.
 */
import assert from "node:assert/strict";
import plugin from "./tidy_lint.ts";

/** A place, a source, and what a rule says of that source there: "" stands for nothing. */
type Case = readonly [place: string, source: string, says: string];

function report(rule: string, place: string, source: string): string {
  const only = plugin.rules[rule];
  assert.ok(only, `no rule is called "${rule}"`);
  const found = Deno.lint.runPlugin({ name: "tidy", rules: { [rule]: only } }, place, source);
  return found.map(({ message }) => message).join("; ");
}

function testCases(rule: string, cases: readonly Case[]): void {
  for (const [place, source, says] of cases) {
    const verb = says === "" ? "accepts" : "reports";
    const line = source.replaceAll("\n", " ");
    const shown = line.length > 70 ? `${line.slice(0, 67)}...` : line;
    Deno.test(`${rule} ${verb} in ${place}: ${shown}`, () => {
      assert.equal(report(rule, place, source), says);
    });
  }
}

testCases("layers", [
  ["main.ts", 'import { serve } from "./server/mod.ts";', ""],
  ["main.ts", 'import { openKvStore } from "./store/kv/mod.ts";', ""],
  ["main.ts", 'import { Router } from "./rpc/mod.ts";', '"main.ts" must not import "rpc"'],
  [
    "main.ts",
    'import { Hub } from "./server/hub.ts";',
    'Import "server/mod.ts" instead of "server/hub.ts": a folder is entered through its mod.ts',
  ],
  ["server/hub.ts", 'import { Router } from "../rpc/mod.ts";', ""],
  ["server/hub.ts", 'import { FRAME_BYTES_MAX } from "../limits.ts";', ""],
  ["server/hub.ts", 'import { Clock } from "./clock.ts";', ""],
  ["server/commands/serve.ts", 'import { Hub } from "../hub.ts";', ""],
  ["server/commands/serve.ts", 'import config from "../../deno.json" with { type: "json" };', ""],
  [
    "rpc/discover.ts",
    'import config from "../deno.json" with { type: "json" };',
    '"rpc" must not import "deno.json"',
  ],
  [
    "server/hub.ts",
    'import { serve } from "./commands/serve.ts";',
    'Import "server/commands/mod.ts" instead of "server/commands/serve.ts": ' +
    "a folder is entered through its mod.ts",
  ],
  [
    "server/hub.ts",
    'import { Database } from "../store/kv/database.ts";',
    'Import "store/kv/mod.ts" instead of "store/kv/database.ts": ' +
    "a folder is entered through its mod.ts",
  ],
  ["rpc/session.ts", 'import type { Mailboxes } from "../store/mod.ts";', ""],
  [
    "rpc/session.ts",
    'import { type Mailboxes } from "../store/mod.ts";',
    '"rpc" may know only types of "store": use "import type"',
  ],
  ["rpc/x.ts", 'export * from "../server/mod.ts";', '"rpc" must not import "server"'],
  ["rpc/x.ts", 'const x = () => import("../push/mod.ts");', '"rpc" must not import "push"'],
  ["rpc/x.ts", 'type X = import("../server/mod.ts").X;', '"rpc" must not import "server"'],
  ["rpc/methods/echo.ts", 'import { RpcError } from "../rpc_error.ts";', ""],
  ["store/kv/store.ts", 'import { FRAME_BYTES_MAX } from "../../limits.ts";', ""],
  [
    "store/kv/store.ts",
    'export type { RpcError } from "../../rpc/mod.ts";',
    '"store" must not import "rpc"',
  ],
  ["push/fcm.ts", 'import type { User } from "../store/mod.ts";', '"push" must not import "store"'],
  ["client/client.ts", 'import type { Welcome } from "../rpc/mod.ts";', ""],
  [
    "client/client.ts",
    'import { Router } from "../rpc/mod.ts";',
    '"client" may know only types of "rpc": use "import type"',
  ],
  [
    "limits.ts",
    'import { CLOSE } from "./server/mod.ts";',
    '"limits.ts" is not a layer: it must not import "server/mod.ts"',
  ],
  [
    "wire/frame.ts",
    'import { Store } from "../store/mod.ts";',
    '"wire" is not a layer: it must not import "store/mod.ts"',
  ],
  [
    "store/mod.ts",
    'export * from "./store_contract.ts";',
    'Source imports "store/store_contract.ts": it must not depend on tests, benches or tools',
  ],
  ["store/kv/kv_store_test.ts", 'import { Hub } from "../../server/hub.ts";', ""],
  ["store/contract/world.ts", 'import { Hub } from "../../server/hub.ts";', ""],
  ["rpc/fake_session.ts", 'import { Hub } from "../server/hub.ts";', ""],
  ["tests/crash_test.ts", 'import { Hub } from "../server/hub.ts";', ""],
  ["store/kv/store.ts", 'import { z } from "zod";', ""],
]);

Deno.test("layers knows a file by its absolute path", () => {
  const place = new URL("../store/store.ts", import.meta.url).pathname;
  assert.equal(
    report("layers", place, 'import { Hub } from "../server/mod.ts";'),
    '"store" must not import "server"',
  );
});

const lines = (count: number) => `function f() {\n${"  g();\n".repeat(count - 2)}}`;
testCases("function-length", [
  ["rpc/x.ts", lines(50), ""],
  ["rpc/x.ts", lines(51), "Function has 51 lines: at most 50 are allowed"],
  ["rpc/x.ts", `const x = ${lines(51)};`, "Function has 51 lines: at most 50 are allowed"],
  [
    "rpc/x.ts",
    `const x = () => {\n${"\n".repeat(49)}};`,
    "Function has 51 lines: at most 50 are allowed",
  ],
  [
    "rpc/x.ts",
    `class X { ${lines(51).slice(9)} }`,
    "Function has 51 lines: at most 50 are allowed",
  ],
  ["store/store_contract.ts", lines(51), ""],
]);

const used = (name: string) => `"${name}" is used outside the edges of the program`;
testCases("ambient", [
  ["rpc/x.ts", "const x = Date.now();", used("Date.now")],
  ["rpc/x.ts", "const x = { now: Date.now };", used("Date.now")],
  ["rpc/x.ts", "const x = new Date();", used("new Date()")],
  ["rpc/x.ts", "const x = Date();", used("new Date()")],
  ["rpc/x.ts", "const x = new Date(time);", ""],
  ["rpc/x.ts", "const x = Math.random();", used("Math.random")],
  ["rpc/x.ts", "const x = Math.max(1, 2);", ""],
  ["rpc/x.ts", "const x = crypto.randomUUID();", used("crypto.randomUUID")],
  ["rpc/x.ts", "crypto.getRandomValues(x);", used("crypto.getRandomValues")],
  ["rpc/x.ts", "const x = globalThis.setTimeout(f, 1);", used("setTimeout")],
  ["rpc/x.ts", "const x = setTimeout(f, 1);", used("setTimeout")],
  ["rpc/x.ts", "const x = setInterval(f, 1);", used("setInterval")],
  ["rpc/x.ts", "const x = performance.now();", used("performance.now")],
  ["rpc/x.ts", 'const x = Deno.env.get("PORT");', used("Deno.env")],
  ["rpc/x.ts", 'const x = Deno["env"];', used("Deno.env")],
  ["rpc/x.ts", "const x = Deno.exit(1);", used("Deno.exit")],
  ["rpc/x.ts", "const x = fetch(url);", used("fetch")],
  ["rpc/x.ts", "const x = { fetch };", used("fetch")],
  ["rpc/x.ts", "const x = fetch;", used("fetch")],
  ["rpc/x.ts", "function f(get = fetch) {}", used("fetch")],
  ["rpc/x.ts", "const f = () => fetch;", used("fetch")],
  ["rpc/x.ts", "const { fetch } = x; class C { fetch() {} } x.fetch();", ""],
  ["rpc/x.ts", "interface X { fetch: typeof fetch; setTimeout(): void }", ""],
  ["rpc/x.ts", 'console.log("x");', used("console.*")],
  [
    "rpc/x.ts",
    'import { randomUUID } from "node:crypto";',
    'Import of "node:crypto" goes around the edges of the program',
  ],
  ["rpc/x.ts", 'import { createHmac } from "node:crypto";', ""],
  [
    "rpc/x.ts",
    'import process from "node:process";',
    'Import of "node:process" goes around the edges of the program',
  ],
  ["store/kv/deno_database.ts", "const x = Deno.openKv(path);", ""],
  ["store/kv/deno_database.ts", "const x = Date.now();", used("Date.now")],
  ["store/kv/kv_store.ts", "const x = Deno.openKv(path);", used("Deno.openKv")],
  ["server/clock.ts", "const x = Date.now();", ""],
  ["server/clock.ts", "const x = setImmediate(f);", ""],
  ["server/turns.ts", "const x = setImmediate(f);", used("setImmediate")],
  ["server/commands/chat.ts", "console.log(Deno.args);", ""],
  ["main.ts", "Deno.exit(await run(Deno.args));", ""],
  ["server/log.ts", "console.info(line);", ""],
  ["rpc/x_test.ts", "const x = Date.now();", ""],
]);

const shared = "Module exports a map or set that anybody can change: declare it as ReadonlyMap " +
  "or ReadonlySet";
testCases("module-state", [
  ["rpc/x.ts", "let count = 0;", 'Module has state: "let" at its top'],
  ["rpc/x.ts", "export let count = 0;", 'Module has state: "let" at its top'],
  ["rpc/x.ts", "var count = 0;", 'Module has state: "var" at its top'],
  ["rpc/x.ts", "function f() { let count = 0; count++; }", ""],
  ["rpc/x.ts", "const seen = new Set(); f(seen.has(1));", ""],
  [
    "rpc/x.ts",
    "const seen = new Set(); function f() { seen.add(1); }",
    'Module has state: "seen" is changed',
  ],
  ["rpc/x.ts", "const list = []; list.push(1);", 'Module has state: "list" is changed'],
  ["rpc/x.ts", "function f() { x.a = 1; } const x = {};", 'Module has state: "x" is changed'],
  ["rpc/x.ts", "const x = { n: 0 }; x.n++;", 'Module has state: "x" is changed'],
  ["rpc/x.ts", "const x = { n: 0 }; delete x.n;", 'Module has state: "x" is changed'],
  ["rpc/x.ts", "export const x = new Map();", shared],
  ["rpc/x.ts", "export const x: Map<string, number> = new Map();", shared],
  ["rpc/x.ts", "export const x: ReadonlyMap<string, number> = new Map();", ""],
  [
    "rpc/x.ts",
    "class C { static count = 0; }",
    "Class has state of its own: make the field readonly",
  ],
  ["rpc/x.ts", "class C { static readonly count = 0; #seen = new Set(); }", ""],
  ["rpc/x_test.ts", "let count = 0;", ""],
]);

const awaits = "A module awaits while it loads: only main.ts may";
testCases("no-top-level-await", [
  ["store/kv/x.ts", "export const kv = await open();", awaits],
  ["store/kv/x.ts", "for await (const x of y) { f(x); }", awaits],
  ["store/kv/x.ts", "await using x = y;", awaits],
  ["store/kv/x.ts", "async function f() { await g(); await using x = y; }", ""],
  ["store/kv/x.ts", "const f = async () => { for await (const x of y) { g(x); } };", ""],
  ["store/kv/x.ts", "class C { async f() { await g(); } }", ""],
  ["main.ts", "await run();", ""],
]);

const lower = "Error message starts lower case";
const period = "Error message ends with a period";
testCases("error-message", [
  ["rpc/x.ts", 'throw new TypeError("cannot read it");', lower],
  ["rpc/x.ts", 'throw new TypeError("Cannot read it.");', period],
  ["rpc/x.ts", "throw new TypeError(`Cannot read ${x}.`);", period],
  ["rpc/x.ts", "throw new TypeError(`cannot read ${x}`);", lower],
  ["rpc/x.ts", "throw new TypeError(`${x} cannot be read`);", ""],
  ["rpc/x.ts", 'throw new Deno.errors.NotFoundError("no such thing");', lower],
  ["rpc/x.ts", 'throw new RpcError("bad_credential", "token is too long");', lower],
  ["rpc/x.ts", 'throw new RpcError("bad_credential", "Token is too long");', ""],
  ["rpc/x.ts", 'class XError extends Error { constructor() { super("went wrong"); } }', lower],
  ["rpc/x.ts", 'class X extends Y { constructor() { super("not an error."); } }', ""],
  ["rpc/x.ts", 'f(new Map("not an error."));', ""],
  ["rpc/x_test.ts", 'throw new Error("anything.");', ""],
]);

const built = "KV key is built here: build it in store/kv/keys.ts";
testCases("kv-keys", [
  ["store/kv/x.ts", 'kv.get(["users", id]);', built],
  ["store/kv/x.ts", 'kv.atomic().set(["users", id], user).commit();', built],
  ["store/kv/x.ts", 'kv.list({ prefix: ["users"] });', built],
  ["store/kv/x.ts", 'tx.check({ key: ["users", id], versionstamp: null });', built],
  ["store/kv/x.ts", 'kv.getMany([["users", id], other]);', built],
  ["store/kv/x.ts", 'tx.enqueue(x, { keysIfUndelivered: [["dead", id]] });', built],
  ["store/kv/x.ts", "kv.get(userKey(id)); kv.getMany([userKey(id)]); map.get(id);", ""],
  ["store/kv/keys.ts", 'kv.get(["users", id]);', ""],
  ["store/kv/x_test.ts", 'kv.get(["users", id]);', ""],
]);

testCases("words", [
  ["rpc/x.ts", "export default 1;", "Export has no name: default exports are not used"],
  ["rpc/x.ts", "export const x = 1;", ""],
  ["rpc/x.ts", "enum X { A }", "Enum is declared: use a table with `as const`"],
  ["rpc/x.ts", "interface IStore {}", "Interface starts with I: drop it"],
  ["rpc/x.ts", "interface Identity {}", ""],
  [
    "rpc/x.ts",
    "class C { private x = 1; }",
    'Member is "private": use a "#" name, or no word at all',
  ],
  [
    "rpc/x.ts",
    "class C { protected f() {} }",
    'Member is "protected": use a "#" name, or no word at all',
  ],
  ["rpc/x.ts", "class C { #x = 1; f() {} }", ""],
  ["rpc/x.ts", "class C { private constructor() {} }", ""],
  ["tools/tidy_lint.ts", "export default {};", ""],
]);
