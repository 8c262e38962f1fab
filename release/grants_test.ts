import assert from "node:assert/strict";
import { join } from "node:path";
import { callGrants } from "./grants.ts";

function grants(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const env = new Map(Object.entries(variables));
  return callGrants(args, (name) => env.get(name));
}

Deno.test("callGrants() is the data directory alone where nothing else is named", async () => {
  for (const args of [[], ["serve"], ["chat", "bob"], ["user", "add", "backup"], ["backup", "-"]]) {
    assert.deepEqual(await grants(args), { read: ["./data"], write: ["./data"] }, args.join(" "));
  }
  const elsewhere = { read: ["/srv/a b"], write: ["/srv/a b"] };
  assert.deepEqual(await grants(["serve"], { TITAN_DATA_DIR: "/srv/a b" }), elsewhere);
  assert.deepEqual((await grants([], { TITAN_DATA_DIR: "" })).write, ["./data"]);
});

Deno.test("callGrants() takes in what a file of settings names, however it is named", async () => {
  const root = await Deno.makeTempDir({ prefix: "titan-grants-" });
  try {
    const path = join(root, "titan.toml");
    await Deno.writeTextFile(path, 'data_dir = "/srv/titan"\n');
    const expected = { read: ["/srv/titan", path], write: ["/srv/titan"] };
    assert.deepEqual(await grants(["serve", "--config", path]), expected);
    assert.deepEqual(await grants([`--config=${path}`, "serve"], { TITAN_CONFIG: "x" }), expected);
    assert.deepEqual(await grants(["serve"], { TITAN_CONFIG: path }), expected);
    const { write } = await grants(["--config", path, "backup", "b/a"]);
    assert.deepEqual(write, ["/srv/titan", "b/a", "b/a.part"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("callGrants() takes in the file that a command reads or makes", async () => {
  assert.deepEqual(await grants(["restore", "--force", "/b/a.gz"]), {
    read: ["./data", "/b/a.gz"],
    write: ["./data"],
  });
  const files = { read: ["./data", "b/a", "b/a.part", "b"], write: ["./data", "b/a", "b/a.part"] };
  assert.deepEqual(await grants(["backup", "b/a", "--json"]), files);
  assert.deepEqual(await grants(["user", "export", "eve", "--output", "b/a"]), files);
  assert.deepEqual(await grants(["user", "export", "--output=b/a", "eve"]), files);
  assert.deepEqual((await grants(["user", "export", "eve", "--output"])).write, ["./data"]);
});
