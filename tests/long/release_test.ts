/**
 * What comes out of the tasks that make the executable and the archives.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { EmptyPlace, runBare } from "../harness/empty_place.ts";
import { namesIn } from "../harness/executable.ts";
import { runTask } from "../harness/run_task.ts";
import { runTitan } from "../harness/titan_process.ts";

const TARGET = Deno.build.target;

Deno.test("deno task compile refuses what it cannot make, in one line", async () => {
  const elsewhere = TARGET.includes("windows") ? "x86_64-apple-darwin" : "x86_64-pc-windows-msvc";
  for (
    const [args, code, line] of [
      [
        ["--target", "amiga"],
        2,
        /^compile: .*'amiga' is invalid\. See --help for those that there are$/,
      ],
      [
        ["--compiled", "--self-extracting"],
        2,
        /^compile: option '--compiled' cannot be used with /,
      ],
      [["titan.exe"], 2, /^compile: too many arguments/],
      [["--self-extracting", "--target", elsewhere], 1, /^compile: Cannot make a self-extracting /],
      [
        ["--self-extracting", "--output", "no/such/folder/titan"],
        1,
        /^compile: Cannot write the exec/,
      ],
    ] as const
  ) {
    const refused = await runTask("compile", ...args);
    assert.deepEqual([refused.code, refused.stdout], [code, ""], refused.stderr);
    assert.match(refused.stderr.trimEnd().split("\n").at(-1) ?? "", line);
  }
  const help = await runTask("compile", "--help");
  assert.equal(help.code, 0);
  assert.ok(help.stdout.includes(TARGET));
});

Deno.test("deno task compile --target all makes what it can, and says what it cannot", async () => {
  const dir = await Deno.makeTempDir({ prefix: "titan-executable-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const output = join(dir, "titan");
  const args = ["--target", "all", "--self-extracting", "--output", output];
  const { code, stdout, stderr } = await runTask("compile", ...args);
  assert.equal(code, 1);
  assert.match(stdout, new RegExp(`^${output}-${TARGET}: self-extracting executable for .*\\n$`));
  assert.deepEqual(await namesIn(dir), [`titan-${TARGET}`]);
  assert.equal([...stderr.matchAll(/^[\w-]+: Cannot make a self-extracting /gm)].length, 5);
  assert.match(stderr, /\ncompile: Cannot make 5 of 6, see above: [\w, -]+\n$/);
});

Deno.test("deno task release says in one line what it cannot write", async () => {
  const file = await Deno.makeTempFile({ prefix: "titan-release-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(file));
  const { code, stdout, stderr } = await runTask("release", "--output", file);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^release: .+\n$/);
});

Deno.test("deno task compile --compiled makes nothing else where the runtime is missing", async () => {
  const dir = await Deno.makeTempDir({ prefix: "titan-executable-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const nowhere = { "https_proxy": "http://127.0.0.1:9" };
  const path = join(dir, "titan");
  const { code, stdout, stderr } = await runTask(
    "compile",
    "--compiled",
    "--output",
    path,
    nowhere,
  );
  // Deno may have it in its cache, where compiling worked before.
  if (code === 0) assert.match(stdout, /: compiled executable for /);
  else {
    assert.match(stderr, /\ncompile: Cannot have Deno's compile runtime: .+\n$/);
    assert.deepEqual(await namesIn(dir), []);
  }
});

Deno.test("deno task compile takes the runtime that DENORT_BIN names, and no other", async () => {
  const dir = await Deno.makeTempDir({ prefix: "titan-executable-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const missing = await runTask("compile", "--output", join(dir, "a"), {
    DENORT_BIN: join(dir, "b"),
  });
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /\ncompile: Cannot compile .*denort/);
  // Any program is taken for one, and what is added to it can be read.
  const made = await runTask("compile", "--output", join(dir, "c"), { DENORT_BIN: "/bin/true" });
  assert.match(made.stdout, /: compiled executable for /, made.stderr);
  const added = new TextDecoder().decode(await Deno.readFile(join(dir, "c")));
  const [, permissions = "{}"] = /"permissions":(\{.*?\}),"/.exec(added) ?? [];
  const { allow_env, allow_net, allow_run, allow_ffi, ...rest } = JSON.parse(permissions);
  assert.ok(allow_env.includes("TITAN_*"));
  assert.deepEqual([allow_net, allow_run, allow_ffi], [[], null, null]);
  assert.deepEqual([rest.allow_read, rest.allow_write, rest.allow_sys], [[], [], ["setPriority"]]);
  assert.match(added, /"features":\[[^\]]*"kv"/);
  assert.match(added, /worker\.ts/);
  // Code that is run must not come from a directory that everybody may write to.
  assert.match(added, /"code_cache_key":null/);
});

Deno.test("deno task release makes an archive that checks out, with the one version", async () => {
  const dir = await Deno.makeTempDir({ prefix: "titan-release-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  const { code, stderr } = await runTask("release", "--self-extracting", "--output", dir);
  assert.equal(code, 0, stderr);
  const name = `titan-${config.version}-${TARGET}`;
  const bill = `titan-${config.version}.cdx.json`;
  assert.deepEqual(await namesIn(dir), ["SHA256SUMS", `${name}.tar.gz`, bill]);
  const checked = await runBare(["sha256sum", "--check", "--strict", "SHA256SUMS"], dir);
  assert.equal(checked.stdout, `${bill}: OK\n${name}.tar.gz: OK\n`, checked.stderr);
  const unpacked = await runBare(["tar", "-xzf", `${name}.tar.gz`], dir);
  assert.ok(unpacked.success, unpacked.stderr);
  const inside = join(dir, name);
  assert.deepEqual(await namesIn(inside), [
    ...["CHANGELOG.md", "LICENSE", "README.md", "THIRD_PARTY.txt", "docs", "titan"],
    "titan.cdx.json",
  ]);
  const { metadata, components } = JSON.parse(await Deno.readTextFile(join(dir, bill)));
  assert.equal(metadata.component.version, config.version);
  const required = components.filter(({ scope }: { scope: string }) => scope === "required");
  assert.ok(required.some(({ name }: { name: string }) => name === "firebase-admin"));
  for (const { licenses, purl } of required) assert.ok(licenses, `${purl} has no licence`);
  await using place = await EmptyPlace.make();
  const launch = place.open(join(inside, "titan"));
  const told = await runTitan({ dataDir: place.dir, args: ["--version"], launch });
  assert.deepEqual([told.code, told.stdout], [0, `${config.version}\n`]);
});
