/**
 * What must be true of the tree itself, and that no compiler or linter looks at.
 */
import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };
import { createMethods } from "../rpc/mod.ts";
import { isFree } from "./tidy_place.ts";
import plugin from "./tidy_lint.ts";
import { listFiles, readText } from "./tidy_tree.ts";

const FILE_LINES_MAX = 300;

/** Folders whose files have a test beside them. */
const TESTED_FOLDERS = /^(client|push|release|rpc|server|store)\//;

/**
 * Sources without a test of their own: the test that covers each, and why it is that one. A path
 * that ends in a slash stands for all of a folder.
 */
const COVERED_ELSEWHERE: ReadonlyMap<string, readonly [test: string, reason: string]> = new Map([
  ["push/push.ts", ["push/payload_test.ts", "a port and its constant"]],
  ["release/entries/grants.ts", ["tests/long/executable_test.ts", "the executable runs it"]],
  ["release/command.ts", ["tests/long/release_test.ts", "it runs as a process"]],
  ["release/compile.ts", ["tests/long/executable_test.ts", "it runs as a process"]],
  ["release/executable.ts", ["tests/long/executable_test.ts", "what it makes runs there"]],
  ["release/release.ts", ["tests/long/release_test.ts", "it runs as a process"]],
  ["release/release_error.ts", ["tests/long/release_test.ts", "an error"]],
  ["release/self_extracting.ts", ["tests/long/executable_test.ts", "what it makes runs there"]],
  ["server/close_code.ts", ["limits_test.ts", "its table is bound by limits"]],
  ["server/commands/health_command.ts", ["tests/health_command_test.ts", "a process and a server"]],
  ["rpc/traces.ts", ["rpc/trace_view_test.ts", "a port and its words"]],
  [
    "store/kv/journal_files/journal_file.ts",
    ["store/kv/segments_test.ts", "it is what those are written to"],
  ],
  ["store/kv/slots.ts", ["store/kv/segments_test.ts", "it is what opens and names those"]],
  ["store/kv/batch.ts", ["store/kv/journal_test.ts", "it is what the journal writes"]],
  ["store/kv/database.ts", ["store/kv/deno_database_test.ts", "its limits are Deno KV's own"]],
  ["store/memory/", ["store/memory/memory_store_test.ts", "parts of one adapter, seen through it"]],
  ["store/kv/files/check_cids.ts", ["store/kv/files/check_rows_test.ts", "its rows"]],
  ["store/kv/files/check_mailboxes.ts", [
    "store/kv/files/check_rows_test.ts",
    "its rows",
  ]],
  ["store/kv/files/check_people.ts", ["store/kv/files/check_rows_test.ts", "its rows"]],
  ["store/kv/files/check_scene.ts", ["store/kv/files/check_rows_test.ts", "its scene"]],
  ["store/kv/guarded_database.ts", ["store/kv/owned_database_test.ts", "seen through its owner"]],
  ["store/kv/people_rows.ts", ["store/kv/kv_store_test.ts", "seen through the contract"]],
  ["store/kv/page_builder.ts", ["store/kv/reader_test.ts", "the pages that it builds"]],
  ["store/kv/shared/", ["store/kv/shared/shared_store_test.ts", "parts of one adapter"]],
  ["store/kv/news.ts", ["store/kv/kv_mailboxes_test.ts", "what a commit brought, told by it"]],
  ["store/outbox.ts", ["store/memory/memory_store_test.ts", "a port, seen through its contract"]],
  ["store/store_error.ts", ["store/memory/memory_store_test.ts", "the contract has them thrown"]],
  ["server/commands/chat/chat_command.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/config_parser.ts", ["server/commands/parser_test.ts", "it is its parser's"]],
  ["server/commands/configured.ts", ["tests/config_test.ts", "it is read by processes"]],
  ["server/commands/environment_token.ts", ["tests/config_test.ts", "a process has it"]],
  ["server/commands/backup/", ["tests/backup_test.ts", "they run as processes"]],
  ["server/commands/watching_parser.ts", ["server/commands/parser_test.ts", "it is its parser's"]],
  ["server/commands/backup_parser.ts", ["server/commands/parser_test.ts", "it is its parser's"]],
  ["server/commands/example.ts", ["server/commands/parser_test.ts", "it is a line of help"]],
  ["server/commands/doctor/check_store.ts", ["tests/doctor_test.ts", "it runs as a process"]],
  ["server/commands/doctor/doctor_command.ts", ["tests/doctor_test.ts", "it runs as a process"]],
  ["server/commands/doctor/examine.ts", ["tests/doctor_test.ts", "it runs as a process"]],
  ["server/commands/mod.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/open_push.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/open_store.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/serve_command.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/silent_log.ts", ["tests/doctor_test.ts", "it only keeps quiet"]],
  ["server/commands/token_command.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/user_commands.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/commands/with_users.ts", ["tests/commands_test.ts", "it runs as a process"]],
  ["server/bad_credential.ts", ["server/auth/tokens_test.ts", "an error and its reasons"]],
  ["server/http_answer.ts", ["server/front_door_test.ts", "it is the front door's"]],
  ["server/http_session.ts", ["server/front_door_test.ts", "it is the front door's"]],
  ["server/in_flight.ts", ["server/delivery_test.ts", "it is the delivery's memory"]],
  ["server/people.ts", ["tests/people_test.ts", "it only puts parts together"]],
  ["server/presence.ts", ["server/device_pruner_test.ts", "a port, and where nobody is"]],
  ["server/push/create_branches.ts", ["server/push/push_dispatcher_test.ts", "they hang there"]],
  ["server/push/push_figures.ts", [
    "server/push/push_dispatcher_test.ts",
    "they are all read there",
  ]],
  ["server/oidc/count_keys.ts", [
    "server/commands/doctor/check_issuers_test.ts",
    "it only asks others",
  ]],
  ["server/mod.ts", ["tests/commands_test.ts", "it is what main.ts is made of"]],
  ["server/push_worker/worker.ts", ["server/push_worker/push_worker_test.ts", "it is the thread"]],
  ["server/push_worker/push_thread.ts", ["server/push_worker/push_worker_test.ts", "it starts it"]],
  ["server/status.ts", ["tests/telemetry_test.ts", "it only puts parts together"]],
  ["server/transport.ts", ["server/ws_listener_test.ts", "a port and its constants"]],
]);

Deno.test("every source file has at most 300 lines", async () => {
  const long: string[] = [];
  for (const path of await sources()) {
    const lines = (await readText(path)).split("\n").length - 1;
    if (lines > FILE_LINES_MAX) long.push(`${path} has ${lines} lines`);
  }
  assert.deepEqual(long, []);
});

Deno.test("every file of code has a snake_case name", async () => {
  const code = (await listFiles()).filter((path) => path.endsWith(".ts"));
  assert.deepEqual(code.filter((path) => !/^([a-z]\w*\/)*[a-z][a-z0-9_]*\.ts$/.test(path)), []);
});

Deno.test("every source that runs has a test beside it or a named one", async () => {
  const untested: string[] = [];
  for (const path of await withoutTest()) {
    if (!isCovered(path) && runs(await readText(path))) untested.push(path);
  }
  assert.deepEqual(untested, []);
});

Deno.test("every test that is named for a source exists, and only where it is needed", async () => {
  const [files, bare] = [await listFiles(), await withoutTest()];
  for (const [source, [test]] of COVERED_ELSEWHERE) {
    assert.ok(files.includes(test), `"${source}" names "${test}", which does not exist`);
    const needed = bare.some((path) => path === source || folderHolds(source, path));
    assert.ok(needed, `"${source}" is gone or has a test of its own`);
  }
});

Deno.test("every RPC method has a file of its own, named as it is on the wire", async () => {
  const files = (await sources()).filter((path) => path.startsWith("rpc/methods/"));
  const expected = [...createMethods().keys()].map((name) => {
    const words = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return `rpc/methods/${words.replaceAll(".", "_")}.ts`;
  });
  assert.deepEqual(files, [...expected, "rpc/methods/mod.ts"].sort());
});

Deno.test("CHANGELOG.md begins with the version of deno.json", async () => {
  const changes = await readText("CHANGELOG.md");
  assert.equal(/^## (\d+\.\d+\.\d+)/m.exec(changes)?.[1], config.version);
});

Deno.test("Deno's version is the same wherever it is named", async () => {
  const named = new Set<string>();
  for (const path of await textFiles()) {
    for (const [, version] of (await readText(path)).matchAll(/\bdeno@(\d[\w.]*\w)/g)) {
      named.add(`${version}`);
    }
  }
  assert.equal(named.size, 1, `versions named: ${[...named].join(", ")}`);
});

Deno.test("no file holds a path of one machine", async () => {
  const machine = /(?<![\w.-])\/(home|mnt|root|work\w*|Users|Volumes)\/\w+/;
  const found: string[] = [];
  for (const path of await textFiles()) {
    const match = machine.exec(await readText(path));
    if (match !== null) found.push(`${path} holds ${match[0]}`);
  }
  assert.deepEqual(found, []);
});

Deno.test("no test is switched off", async () => {
  const off = /Deno\.test\.(ignore|only)\b|\b(ignore|only): ?true/;
  const found: string[] = [];
  for (const path of await listFiles()) {
    if (path.endsWith("_test.ts") && off.test(await readText(path))) found.push(path);
  }
  assert.deepEqual(found, []);
});

Deno.test("every npm package is pinned to one version", () => {
  for (const specifier of Object.values(config.imports)) {
    assert.match(specifier, /^npm:(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+$/);
  }
});

Deno.test("the tasks that run the server give it the same permissions", () => {
  const { dev, start, titan } = config.tasks;
  assert.equal(start.command, `${titan.command} serve`);
  assert.equal(dev.command, start.command.replace("deno run --v8", "deno run --watch --v8"));
});

// `deno lint` accepts a rule that it does not know, and does nothing.
Deno.test("deno.json names only lint rules that exist", async () => {
  const lister = new Deno.Command(Deno.execPath(), { args: ["lint", "--rules", "--json"] });
  const { rules } = JSON.parse(new TextDecoder().decode((await lister.output()).stdout));
  const known = new Set(rules.map(({ code }: { readonly code: string }) => code));
  assert.ok(known.size > 100, `only ${known.size} rules are known`);
  assert.deepEqual(config.lint.rules.include.filter((rule) => !known.has(rule)), []);
});

Deno.test("every rule of the plugin has its cases", async () => {
  const tests = await readText("tools/tidy_lint_test.ts");
  for (const rule of Object.keys(plugin.rules)) {
    assert.ok(tests.includes(`testCases("${rule}"`), `${rule} has no cases`);
  }
});

/** All code but tests and benchmarks. */
async function sources(): Promise<readonly string[]> {
  return (await listFiles()).filter((path) => /(?<!_test|_bench)\.ts$/.test(path));
}

async function textFiles(): Promise<readonly string[]> {
  return (await listFiles()).filter((path) =>
    /\.(json|md|sh|ts|yml)$|(^|\/)[A-Z]\w+$|^\.ci\//.test(path)
  );
}

/** Sources of the tested folders that have no test beside them. */
async function withoutTest(): Promise<readonly string[]> {
  const files = await listFiles();
  return (await sources())
    .filter((path) => TESTED_FOLDERS.test(path) && !isFree(path))
    .filter((path) => !files.includes(path.replace(/\.ts$/, "_test.ts")));
}

function isCovered(path: string): boolean {
  return [...COVERED_ELSEWHERE.keys()].some((key) => key === path || folderHolds(key, path));
}

function folderHolds(folder: string, path: string): boolean {
  return folder.endsWith("/") && path.startsWith(folder);
}

/** Whether a source has code, and not only types and what it exports of others. */
function runs(source: string): boolean {
  return /^(export )?(abstract |async )?(class|const|function)\b/m.test(source);
}
