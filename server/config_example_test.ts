import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { readConfig, readConfiguration, VARIABLES } from "./config.ts";
import { configExample } from "./config_example.ts";

/** The configuration of a text in TOML. */
function read(text: string) {
  const values = new Map<string, unknown>(Object.entries(parse(text)));
  const file = { path: "titan.toml", values, problems: [], isPublic: false };
  return { values, ...readConfiguration({ env: () => undefined, names: [], file }) };
}

const NONE = readConfig(() => undefined);

Deno.test("configExample() sets nothing as it is", () => {
  const { values, config } = read(configExample());
  assert.equal(values.size, 0);
  assert.deepEqual(config, NONE);
});

Deno.test("configExample() has every key, and the defaults where they are taken out of comments", () => {
  const { values, config, problems } = read(configExample().replaceAll(/^#(?=\w)/gm, ""));
  assert.deepEqual(problems, []);
  assert.deepEqual(config, NONE);
  const keys = VARIABLES.flatMap(({ key, secret }) => secret ? [key, `${key}_file`] : [key]);
  assert.deepEqual([...values.keys()], keys);
});

Deno.test("configExample() says of every variable what it means and what it may be", () => {
  const flat = configExample().replaceAll("\n# ", " ");
  for (const { name, meaning, allowed } of VARIABLES) {
    assert.ok(flat.includes(`${name}: ${meaning}. It is ${allowed}.`), name);
  }
});

Deno.test("configExample() has lines that fit on a terminal", () => {
  for (const line of configExample().split("\n")) assert.ok(line.length <= 100, line);
});
