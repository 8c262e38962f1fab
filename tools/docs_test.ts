/**
 * The tables of `docs/` and of ARCHITECTURE.md say what the code says.
 */
import assert from "node:assert/strict";
import { parse } from "smol-toml";
import * as limits from "../limits.ts";
import { createMethods, RPC_ERRORS } from "../rpc/mod.ts";
import { describeServerMethods } from "../rpc/server_methods.ts";
import { CLOSE } from "../server/close_code.ts";
import { readConfiguration, VARIABLES } from "../server/config.ts";
import { fileKeyOf, fileVariableOf } from "../server/setting_names.ts";
import { METRICS } from "../server/telemetry/mod.ts";
import { LAYERS } from "./tidy_layers.ts";
import { isFree } from "./tidy_place.ts";
import { listFiles, readText } from "./tidy_tree.ts";

/** What `docs/operating.md` calls the levels of the log's methods. */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ["event", "INFO"],
  ["warn", "WARN"],
  ["error", "ERROR"],
]);

Deno.test("docs/protocol.md lists every method and who may call it", async () => {
  const directions = new Map([...createMethods().keys()].map((name) => [name, "client"]));
  for (const { name } of describeServerMethods()) {
    directions.set(name, directions.has(name) ? "both" : "server");
  }
  assertSameRows(
    await rowsOf("docs/protocol.md", "method", ["direction"]),
    [...directions],
  );
});

Deno.test("docs/protocol.md lists every error", async () => {
  assertSameRows(
    await rowsOf("docs/protocol.md", "error", ["code", "retry helps"]),
    Object.entries(RPC_ERRORS).map((
      [name, { code, retryable }],
    ) => [name, `${code}`, retryable ? "yes" : "no"]),
  );
});

Deno.test("docs/protocol.md lists every close code", async () => {
  assertSameRows(
    await rowsOf("docs/protocol.md", "close code", ["reason"]),
    Object.values(CLOSE).map(({ code, reason }) => [`${code}`, reason]),
  );
});

Deno.test("docs/operating.md lists every variable", async () => {
  assertSameRows(
    await rowsOf("docs/operating.md", "variable", ["default"]),
    VARIABLES.map((variable) => [variable.name, variable.default]),
  );
});

Deno.test("docs/operating.md lists every secret that may be in a file", async () => {
  assertSameRows(
    await rowsOf("docs/operating.md", "secret", ["file in a variable", "file in a key"]),
    VARIABLES.filter(({ secret }) => secret)
      .map(({ name }) => [name, fileVariableOf(name), fileKeyOf(name)]),
  );
});

Deno.test("docs/operating.md gives a file of settings that is right, and says how keys are made", async () => {
  const text = await readText("docs/operating.md");
  const [, toml = ""] = /```toml\n([^`]*)```/.exec(text) ?? [];
  const values = new Map<string, unknown>(Object.entries(parse(toml)));
  assert.ok(values.size > 5, toml);
  const file = { path: "titan.toml", values, problems: [], isPublic: false };
  const readFile = () => ({ text: "a secret", isPublic: false });
  const { problems } = readConfiguration({ env: () => undefined, names: [], file, readFile });
  assert.deepEqual(problems, []);
  const pairs = [...text.matchAll(/`([A-Z_]+)`\s+is\s+`([a-z_]+)`/g)];
  assert.equal(pairs.length, 3);
  for (const [, name = "", key] of pairs) {
    assert.ok(VARIABLES.some((variable) => variable.name === name && variable.key === key), name);
  }
});

Deno.test("docs/operating.md lists every event of the log", async () => {
  assertSameRows(await rowsOf("docs/operating.md", "event", ["level"]), await loggedEvents());
});

Deno.test("docs/operating.md lists every metric", async () => {
  assertSameRows(
    await rowsOf("docs/operating.md", "metric", ["type", "label", "meaning"]),
    METRICS.map(({ name, type, label = "", meaning }) => [name, type, label, meaning]),
  );
});

Deno.test("docs/operating.md lists every limit", async () => {
  assertSameRows(
    await rowsOf("docs/operating.md", "name", ["value"]),
    Object.entries(limits).map(([name, value]) => [name, value.toLocaleString("en-US")]),
  );
});

Deno.test("ARCHITECTURE.md lists the layers as they are linted", async () => {
  const listed = (names: readonly string[]) => names.length === 0 ? "nothing" : names.join(", ");
  assertSameRows(
    await rowsOf("ARCHITECTURE.md", "layer", ["uses", "knows the types of"]),
    [...LAYERS].map(([name, { uses, knows }]) => [name, listed(uses), listed(knows)]),
  );
});

/** The events that the sources tell the log, with their levels; each once. */
async function loggedEvents(): Promise<readonly (readonly string[])[]> {
  const events = new Map<string, readonly string[]>();
  const sources = (await listFiles()).filter((path) => path.endsWith(".ts") && !isFree(path));
  for (const path of sources) {
    const calls = (await readText(path)).matchAll(/\blog\??\.(event|warn|error)\(\s*("[^"]+")?/g);
    for (const [call, method = "", name] of calls) {
      // Of an event whose name is put together nobody could read what it means.
      assert.ok(name !== undefined, `${path} does not write out the name of an event: ${call}`);
      const row = [name.slice(1, -1), LEVELS.get(method) ?? ""];
      events.set(row.join(), row);
    }
  }
  return [...events.values()];
}

/**
 * The rows of the table whose first column has the given heading: that column, and those asked
 * for, without backticks.
 */
async function rowsOf(
  path: string,
  heading: string,
  columns: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const lines = (await readText(path)).split("\n").map(cellsOf);
  const top = lines.findIndex((cells) => cells[0]?.toLowerCase() === heading);
  assert.notEqual(top, -1, `${path} has no table with the first column "${heading}"`);
  const places = [heading, ...columns].map((column) => {
    const place = lines[top]?.findIndex((cell) => cell.toLowerCase() === column) ?? -1;
    assert.notEqual(place, -1, `${path} has no column "${column}" beside "${heading}"`);
    return place;
  });
  const rows = lines.slice(top + 2);
  const end = rows.findIndex((cells) => cells.length === 0);
  return rows.slice(0, end === -1 ? rows.length : end)
    .map((cells) => places.map((place) => cells[place] ?? ""));
}

/** The cells of one line of a table, or nothing where the line is none. */
function cellsOf(line: string): readonly string[] {
  if (!line.startsWith("|")) return [];
  return line.split(/(?<!\\)\|/).slice(1, -1)
    .map((cell) => cell.replaceAll("`", "").replaceAll("\\|", "|").trim());
}

/** Compares without regard to the order of the rows. */
function assertSameRows(
  documented: readonly (readonly string[])[],
  real: readonly (readonly string[])[],
): void {
  const sorted = (rows: readonly (readonly string[])[]) =>
    rows.map((row) => row.join(" | ")).sort();
  assert.deepEqual(sorted(documented), sorted(real));
}
