import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../deno.json" with { type: "json" };
import { type Bundle, CONFIG, MAIN, makeBundle } from "./bundle.ts";
import { ROOT } from "./run_deno.ts";

async function textOf({ dir, files }: Bundle): Promise<ReadonlyMap<string, string>> {
  const read = async (path: string) => [path, await Deno.readTextFile(join(dir, path))] as const;
  return new Map(await Promise.all(files.map(read)));
}

Deno.test("makeBundle() has what Titan reaches, and no package for tests", async () => {
  await using bundle = await makeBundle();
  const { files, extra, packages } = bundle;
  for (const path of [MAIN, CONFIG, ...extra]) assert.ok(files.includes(path), path);
  const pinned = new Map(
    Object.entries(config.imports).map(([name, specifier]) => [name, specifier.slice(4)]),
  );
  const has = (name: string) => packages.has(pinned.get(name) ?? "");
  for (const name of ["ws", "zod", "jose", "commander", "firebase-admin", "prom-client"]) {
    assert.ok(has(name), name);
  }
  for (const name of ["fast-check", "@types/ws"]) assert.ok(!has(name), name);
});

Deno.test("makeBundle() maps every module that is only imported by its name", async () => {
  await using bundle = await makeBundle();
  const { imports } = JSON.parse(await Deno.readTextFile(join(bundle.dir, CONFIG)));
  const source = await Deno.readTextFile(join(ROOT, "push/fcm/firebase.ts"));
  const [, list = ""] = /const MODULES[^=]*= \[(.*)\]/.exec(source) ?? [];
  const late = [...list.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
  assert.equal(late.length, 2);
  assert.deepEqual(Object.keys(imports).sort(), late.sort());
  for (const path of Object.values(imports)) {
    assert.ok(bundle.files.includes(String(path).slice(2)), String(path));
  }
});

Deno.test("makeBundle() makes the same each time, and names no place of this machine", async () => {
  await using first = await makeBundle();
  await using second = await makeBundle();
  const texts = await textOf(first);
  assert.deepEqual(texts, await textOf(second));
  const places = new Set([ROOT, ...first.packages.values()].map((path) => path.replace(/^\//, "")));
  for (const [path, text] of texts) {
    for (const place of places) assert.ok(!text.includes(place), `${path} names ${place}`);
  }
});
