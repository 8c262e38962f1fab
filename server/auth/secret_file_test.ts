import assert from "node:assert/strict";
import { SIGNATURE_KEYS_MAX } from "../../limits.ts";
import { systemRandom } from "../clock.ts";
import { readOrMakeSecrets, SecretFileError } from "./secret_file.ts";

/** The secrets of a directory, as texts. */
async function texts(directory: string, random = systemRandom): Promise<readonly string[]> {
  const secrets = await readOrMakeSecrets(directory, random);
  return secrets.map((secret) => new TextDecoder("utf-8", { fatal: true }).decode(secret));
}

/** A directory of its own for one test, with what is in it now. */
async function scratch() {
  const root = await Deno.makeTempDir();
  return {
    root,
    data: `${root}/deep/data`,
    file: `${root}/deep/data/jwt.secret`,
    names: () => Array.from(Deno.readDirSync(`${root}/deep/data`), (entry) => entry.name),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function mode(path: string): Promise<string> {
  return ((await Deno.stat(path)).mode ?? 0).toString(8).slice(-3);
}

/** Expects a refusal, and an error that does not hold the secret. */
async function refused(directory: string, message: RegExp, secret = "\u0000"): Promise<void> {
  const error = await readOrMakeSecrets(directory, systemRandom).then(
    () => assert.fail("expected a refusal"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof SecretFileError, String(error));
  assert.match(error.message, message);
  assert.ok(!`${error.stack} ${error.cause}`.includes(secret), "the error holds the secret");
}

Deno.test("readOrMakeSecrets() makes a secret for its owner alone", async () => {
  await using place = await scratch();
  const [secret = "", ...others] = await texts(place.data);
  assert.match(secret, /^[\w-]{43}$/);
  assert.deepEqual(others, []);
  assert.equal(await mode(place.data), "700");
  assert.equal(await mode(place.file), "600");
  assert.deepEqual(place.names(), ["jwt.secret"]);
});

Deno.test("readOrMakeSecrets() takes the secret from its randomness", async () => {
  await using place = await scratch();
  assert.deepEqual(await texts(place.data, (buffer) => buffer.fill(255)), ["_".repeat(42) + "8"]);
});

Deno.test("readOrMakeSecrets() answers the same secret again", async () => {
  await using place = await scratch();
  const first = await texts(place.data);
  const written = await Deno.readTextFile(place.file);
  assert.deepEqual(await texts(place.data), first);
  assert.equal(await Deno.readTextFile(place.file), written);
  assert.deepEqual([written.trim()], first);
});

Deno.test("readOrMakeSecrets() answers one secret to all who start at once", async () => {
  await using place = await scratch();
  const starts = await Promise.all(Array.from({ length: 20 }, () => texts(place.data)));
  const secret = (await Deno.readTextFile(place.file)).trim();
  for (const start of starts) assert.deepEqual(start, [secret]);
  assert.deepEqual(place.names(), ["jwt.secret"]);
});

Deno.test("readOrMakeSecrets() leaves a directory that exists as it is", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  await Deno.chmod(place.data, 0o755);
  await readOrMakeSecrets(place.data, systemRandom);
  assert.equal(await mode(place.data), "755");
  assert.equal(await mode(place.file), "600");
});

Deno.test("readOrMakeSecrets() takes a secret of the operator's own", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  const own = "ä secret that somebody wrote with an editor, once";
  await Deno.writeTextFile(place.file, `${own}\r\n`, { mode: 0o400 });
  assert.deepEqual(await texts(place.data), [own]);
});

Deno.test("readOrMakeSecrets() answers the secrets of all lines in their order", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  const lines = Array.from({ length: SIGNATURE_KEYS_MAX }, (_, i) => `${i}`.repeat(43));
  const text = `\n ${lines.join(" \r\n\t")}\n\n`;
  await Deno.writeTextFile(place.file, text, { mode: 0o600 });
  assert.deepEqual(await texts(place.data), lines);
  await Deno.writeTextFile(place.file, `${"x".repeat(43)}${text}`);
  await refused(place.data, /holds 11 lines. Remove the last ones, so that at most 10/, "111");
  assert.equal((await Deno.readTextFile(place.file)).length, text.length + 43);
});

Deno.test("readOrMakeSecrets() takes a comma as part of a secret", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  const own = `${"x".repeat(43)}, ${"y".repeat(43)}`;
  await Deno.writeTextFile(place.file, own, { mode: 0o600 });
  assert.deepEqual(await texts(place.data), [own]);
});

Deno.test("readOrMakeSecrets() refuses a file that others may use", async () => {
  await using place = await scratch();
  const [secret] = await texts(place.data);
  for (const bits of [0o640, 0o604, 0o620, 0o601, 0o644]) {
    await Deno.chmod(place.file, bits);
    await refused(place.data, new RegExp(`jwt.secret": its mode is ${bits.toString(8)}`), secret);
  }
  await Deno.chmod(place.file, 0o600);
  await readOrMakeSecrets(place.data, systemRandom);
});

Deno.test("readOrMakeSecrets() refuses a file that holds no whole secret, and keeps it", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  const [short, whole] = ["x".repeat(42), "x".repeat(43)];
  const wrong = ["", "\n", short, `  ${short}\n`];
  for (
    const text of [...wrong, `${whole}\n${short}`, `${short}\n${whole}`, `${whole}\n\n${whole}`]
  ) {
    await Deno.writeTextFile(place.file, text, { mode: 0o600 });
    await refused(place.data, /holds fewer than 43 characters/, "xxx");
    assert.equal(await Deno.readTextFile(place.file), text);
  }
});

Deno.test("readOrMakeSecrets() refuses a directory that cannot be one", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(`${place.root}/file`, "");
  await refused(`${place.root}/file`, /Cannot read or make the secret file ".*file\/jwt.secret"/);
  await Deno.mkdir(place.file, { recursive: true, mode: 0o700 });
  await Deno.chmod(place.file, 0o700);
  await refused(place.data, /Cannot read or make the secret file/);
});
