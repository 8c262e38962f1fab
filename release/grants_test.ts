import assert from "node:assert/strict";
import { grantsOf, listOf } from "./grants.ts";

function grants(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const env = new Map(Object.entries(variables));
  return grantsOf(args, (name) => env.get(name));
}

Deno.test("grantsOf() is the data directory alone where nothing else is named", () => {
  for (const args of [[], ["serve"], ["chat", "bob"], ["user", "add", "backup"], ["backup", "-"]]) {
    assert.deepEqual(grants(args), { read: ["data"], write: ["data"] }, args.join(" "));
  }
  const elsewhere = { read: ["/srv/a b"], write: ["/srv/a b"] };
  assert.deepEqual(grants(["serve"], { TITAN_DATA_DIR: "/srv/a b" }), elsewhere);
  assert.deepEqual(grants([], { TITAN_DATA_DIR: "" }).write, ["data"]);
});

Deno.test("grantsOf() takes in the files that variables name, and no text of a key", () => {
  const variables = { GOOGLE_APPLICATION_CREDENTIALS: "/etc/fcm.json", TITAN_APNS_KEY: "k.p8" };
  assert.deepEqual(grants(["serve"], variables), {
    read: ["data", "/etc/fcm.json", "k.p8"],
    write: ["data"],
  });
  const text = {
    TITAN_APNS_KEY: "-----BEGIN PRIVATE KEY-----\\n",
    GOOGLE_APPLICATION_CREDENTIALS: "",
  };
  assert.deepEqual(grants(["serve"], text).read, ["data"]);
});

Deno.test("grantsOf() takes in the file that a command reads or makes", () => {
  assert.deepEqual(grants(["restore", "--force", "/b/a.gz"]), {
    read: ["data", "/b/a.gz"],
    write: ["data"],
  });
  const files = { read: ["data", "b/a", "b/a.part", "b"], write: ["data", "b/a", "b/a.part"] };
  assert.deepEqual(grants(["backup", "b/a", "--json"]), files);
  assert.deepEqual(grants(["user", "export", "eve", "--output", "b/a"]), files);
  assert.deepEqual(grants(["user", "export", "--output=b/a", "eve"]), files);
  assert.deepEqual(grants(["user", "export", "eve", "--output"]).write, ["data"]);
});

Deno.test("listOf() is a list with commas, each path once, and takes no path that has one", () => {
  assert.equal(listOf(["data", "/etc/a b", "data"]), "data,/etc/a b");
  assert.throws(() => listOf(["a,b"]), {
    message: 'Cannot name a path with a comma to Deno: "a,b"',
  });
  assert.throws(() => listOf(["a\nb"]), {
    message: 'Cannot name a path with a line break to Deno: "a\\nb"',
  });
});
