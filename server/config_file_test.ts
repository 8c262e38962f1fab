import assert from "node:assert/strict";
import { join } from "node:path";
import { readConfigFile } from "./config_file.ts";

/** Reads a text as a file of a name. */
async function read(name: string, text: string, mode = 0o600) {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  try {
    const path = join(root, name);
    await Deno.writeTextFile(path, text, { mode });
    await Deno.chmod(path, mode);
    const { values, problems, isPublic, path: told } = await readConfigFile(path);
    assert.equal(told, path);
    return {
      values: Object.fromEntries(values),
      problems: problems.map((problem) => problem.replace(`${root}/`, "")),
      isPublic,
    };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("readConfigFile() reads TOML, and JSON by its name", async () => {
  const values = { port: 80, host: "::1", "trust_proxy": ["::1"] };
  const toml = 'port = 80 # it is the usual one\nhost = "::1"\ntrust_proxy = ["::1"]\n';
  assert.deepEqual(await read("titan.toml", toml), { values, problems: [], isPublic: false });
  assert.deepEqual(await read("any.conf", `\ufeff${toml}`, 0o644), {
    values,
    problems: [],
    isPublic: true,
  });
  const json = JSON.stringify(values);
  assert.deepEqual(await read("titan.json", json), { values, problems: [], isPublic: false });
  assert.deepEqual((await read("titan.toml", "")).values, {});
});

Deno.test("readConfigFile() says where a file is wrong, and shows nothing of it", async () => {
  const cases: readonly [name: string, text: string, problem: string][] = [
    ["a.toml", "port = 1\nhost = hunter2", "It is not TOML, in line 2, column 8: invalid value"],
    ["a.toml", 'x = "hunter2', "It is not TOML, in line 1, column 5: unfinished string"],
    ["a.json", '{"port": 1,\n "x": hunter2}', "It is not JSON"],
    ["a.json", '{"x": "hunter2"', "It is not JSON, in line 1, column 16"],
    ["a.json", '["hunter2"]', "It is not a JSON object"],
    ["a.json", "null", "It is not a JSON object"],
    ["a.json", '{"port": 1, "x": {"a": 1}, "\\u0070ort": 2}', "It has a key twice: port"],
    ["a.json", '{"x y": "}", "x y" : "hunter2"}', 'It has a key twice: "x y"'],
  ];
  for (const [name, text, problem] of cases) {
    const { values, problems } = await read(name, text);
    assert.deepEqual(problems, [`${name}: ${problem}`]);
    assert.deepEqual(values, {});
  }
});

Deno.test("readConfigFile() takes a key again in another object, and as a value", async () => {
  const { problems } = await read(
    "a.json",
    '{"a": {"b": 1}, "b": [{"a": "b"}, "\\"a", "b"], "c": "a"}',
  );
  assert.deepEqual(problems, []);
});

Deno.test("readConfigFile() finds names that objects have anyway to be keys as others", async () => {
  const toml = await read("a.toml", '__proto__ = 1\nconstructor = "x"');
  assert.deepEqual(Object.keys(toml.values), ["__proto__", "constructor"]);
  const json = await read("a.json", '{"__proto__": 1}');
  assert.deepEqual(Object.keys(json.values), ["__proto__"]);
});

Deno.test("readConfigFile() says why there is no file", async () => {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  try {
    const { problems } = await readConfigFile(join(root, "titan.toml"));
    assert.deepEqual(problems, [
      `${root}/titan.toml: Cannot read the file of settings: there is no such file`,
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
