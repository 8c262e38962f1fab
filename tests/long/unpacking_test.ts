/**
 * What may come in the way of an executable that unpacks itself.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { EmptyPlace } from "../harness/empty_place.ts";
import { makeExecutable, namesIn } from "../harness/executable.ts";
import { type Ended, runTitan } from "../harness/titan_process.ts";

const done = ({ code, stdout, stderr }: Ended): string => {
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return stdout;
};

/** Expects a command to have failed, and answers the one line it said. */
function refused({ code, stdout, stderr }: Ended, expected = 1): string {
  assert.deepEqual([code, stdout], [expected, ""], stderr);
  const [, line] = /^titan: (.+)\n$/.exec(stderr) ?? [];
  assert.ok(line !== undefined, `not one line: ${stderr}`);
  return line;
}

Deno.test("a self-extracting executable unpacks itself whole or not at all, whoever disturbs it", async () => {
  await using made = await makeExecutable("--self-extracting");
  const { path: executable } = made;
  await using place = await EmptyPlace.make();
  const run = (launch = place.open(executable), env: Readonly<Record<string, string>> = {}) =>
    runTitan({ dataDir: place.dir, args: ["--version"], env, launch });
  const cut = join(place.dir, "cut");
  await Deno.writeFile(cut, (await Deno.readFile(executable)).slice(0, 20_000_000), {
    mode: 0o755,
  });
  const cache = join(place.home, ".cache/titan");
  assert.match(refused(await run(place.open(cut))), /^Cannot unpack into ".*": \S/);
  assert.deepEqual(await namesIn(cache), []);
  const version = `${config.version}\n`;
  for (const ended of await Promise.all([run(), run(), run()])) assert.equal(done(ended), version);
  const [name = "", ...others] = await namesIn(cache);
  assert.deepEqual(others, []);
  const files = await namesIn(join(cache, name));
  // What a power cut may leave of a file that was written just before.
  await Deno.truncate(join(cache, name, "deno"));
  assert.equal(done(await run()), version);
  assert.deepEqual(await namesIn(join(cache, name)), files);
  assert.match(refused(await run(undefined, { HOME: "" })), /: set HOME or XDG_CACHE_HOME$/);
  const given = { HOME: "", CACHE_DIRECTORY: join(place.home, "given") };
  assert.equal(done(await run(undefined, given)), version);
  assert.deepEqual(await namesIn(join(place.home, "given/titan")), [name]);
  const comma = refused(await run(undefined, { TITAN_DATA_DIR: "a,b" }), 2);
  assert.equal(comma, 'Cannot name "a,b" to Deno: it has a comma');
  await Deno.writeTextFile(join(place.home, "package.json"), '{"type":"commonjs"}');
  assert.equal(done(await run()), version);
});
