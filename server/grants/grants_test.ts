import assert from "node:assert/strict";
import { join } from "node:path";
import { grantsOf, listOf } from "./grants.ts";

function grants(variables: Readonly<Record<string, string>>) {
  const map = new Map(Object.entries(variables));
  return grantsOf((name) => map.get(name));
}

Deno.test("grantsOf() is the data directory and nothing more where nothing is set", async () => {
  assert.deepEqual(await grants({}), { read: ["./data"], write: ["./data"] });
  assert.deepEqual(await grants({ TITAN_DATA_DIR: "", TITAN_CONFIG: "" }), {
    read: ["./data"],
    write: ["./data"],
  });
});

Deno.test("grantsOf() finds the paths that variables and the file name", async () => {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  try {
    const path = join(root, "titan.toml");
    const secret = join(root, "secret");
    await Deno.writeTextFile(secret, "s3cr3t\n");
    await Deno.writeTextFile(
      path,
      `data_dir = "/var/lib/titan"\njwt_secret_file = "${secret}"\n` +
        'apns_key = "/etc/key.p8"\napns_key_id = "ABCDE12345"\napns_team_id = "ABCDE12345"\n' +
        'apns_topic = "org.example.chat"\n',
    );
    const env = { TITAN_CONFIG: path, GOOGLE_APPLICATION_CREDENTIALS: "/etc/fcm.json" };
    assert.deepEqual(await grants(env), {
      read: ["/var/lib/titan", path, secret, "/etc/fcm.json", "/etc/key.p8"],
      write: ["/var/lib/titan"],
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("grantsOf() lets a server that will not start say what is wrong with each file", async () => {
  const env = {
    PORT: "x",
    TITAN_CONFIG: "/gone.toml",
    TITAN_ADMIN_TOKEN_FILE: "/gone",
    TITAN_TOKEN_FILE: "/token",
  };
  assert.deepEqual(await grants(env), {
    read: ["data", "/gone.toml", "/token", "/gone"],
    write: ["data"],
  });
});

Deno.test("grantsOf() takes the text of a key for no path", async () => {
  const pem = "-----BEGIN PRIVATE KEY-----";
  assert.deepEqual((await grants({ TITAN_APNS_KEY: pem })).read, ["data"]);
});

Deno.test("listOf() is a list with commas, and takes no path that has one", () => {
  assert.equal(listOf(["data", "/etc/a b", "data"]), "data,/etc/a b");
  assert.throws(() => listOf(["a\nb"]), { message: /^Cannot name "a\\nb" to Deno: it has a line/ });
  assert.throws(() => listOf(["data", "a,b"]), { message: /^Cannot name "a,b" to Deno/ });
});
