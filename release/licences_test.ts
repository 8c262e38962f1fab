import assert from "node:assert/strict";
import { join } from "node:path";
import { noticesOf, readLicences } from "./licences.ts";

async function packages(all: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const root = await Deno.makeTempDir({ prefix: "titan-licences-" });
  const dirs = new Map<string, string>();
  for (const [id, files] of Object.entries(all)) {
    const dir = join(root, id);
    dirs.set(id, dir);
    await Deno.mkdir(dir);
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(dir, name), text);
    }
  }
  return { dirs, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

Deno.test("readLicences() finds what a package says of its licence, and the text", async () => {
  await using place = await packages({
    "a@1.0.0": { "package.json": '{"license":"MIT"}', "LICENSE.md": "May be used\n" },
    "b@1.0.0": { "package.json": '{"license":{"type":"MIT"}}', "licence": "So may this" },
    "c@1.0.0": { "package.json": "{}", "license_checker.js": "1" },
  });
  assert.deepEqual(
    [...await readLicences(place.dirs)],
    [
      ["a@1.0.0", { id: "MIT", text: "May be used\n" }],
      ["b@1.0.0", { id: undefined, text: "So may this" }],
      ["c@1.0.0", { id: undefined, text: undefined }],
    ],
  );
});

Deno.test("noticesOf() has the terms of Deno and of every package", () => {
  const text = noticesOf(
    new Map([
      ["a@1.0.0", { id: "MIT", text: "May be used\n" }],
      ["b@1.0.0", { id: undefined, text: undefined }],
    ]),
    "1.2.3",
  );
  assert.match(text, /^deno@1\.2\.3, MIT$/m);
  assert.match(text, /^a@1\.0\.0, MIT\n\nMay be used\n/m);
  assert.match(text, /^b@1\.0\.0, no licence named\n\nThe package has no text of it\.\n$/m);
});
