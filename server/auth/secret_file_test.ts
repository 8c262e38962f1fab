import assert from "node:assert/strict";
import { systemRandom } from "../clock.ts";
import { readOrMakeSecret, SecretFileError } from "./secret_file.ts";

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
  const error = await readOrMakeSecret(directory, systemRandom).then(
    () => assert.fail("expected a refusal"),
    (error: unknown) => error,
  );
  assert.ok(error instanceof SecretFileError, String(error));
  assert.match(error.message, message);
  assert.ok(!`${error.stack} ${error.cause}`.includes(secret), "the error holds the secret");
}

Deno.test("readOrMakeSecret() makes a secret for its owner alone", async () => {
  await using place = await scratch();
  const secret = await readOrMakeSecret(place.data, systemRandom);
  assert.match(new TextDecoder().decode(secret), /^[\w-]{43}$/);
  assert.equal(await mode(place.data), "700");
  assert.equal(await mode(place.file), "600");
  assert.deepEqual(place.names(), ["jwt.secret"]);
});

Deno.test("readOrMakeSecret() takes the secret from its randomness", async () => {
  await using place = await scratch();
  const secret = await readOrMakeSecret(place.data, (buffer) => buffer.fill(255));
  assert.equal(new TextDecoder().decode(secret), "_".repeat(42) + "8");
});

Deno.test("readOrMakeSecret() answers the same secret again", async () => {
  await using place = await scratch();
  const first = await readOrMakeSecret(place.data, systemRandom);
  const written = await Deno.readTextFile(place.file);
  assert.deepEqual(await readOrMakeSecret(place.data, systemRandom), first);
  assert.equal(await Deno.readTextFile(place.file), written);
  assert.equal(written.trim(), new TextDecoder().decode(first));
});

Deno.test("readOrMakeSecret() answers one secret to all who start at once", async () => {
  await using place = await scratch();
  const starts = Array.from({ length: 20 }, () => readOrMakeSecret(place.data, systemRandom));
  const texts = (await Promise.all(starts)).map((secret) => new TextDecoder().decode(secret));
  assert.equal(new Set(texts).size, 1);
  assert.equal(texts[0], (await Deno.readTextFile(place.file)).trim());
  assert.deepEqual(place.names(), ["jwt.secret"]);
});

Deno.test("readOrMakeSecret() leaves a directory that exists as it is", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  await Deno.chmod(place.data, 0o755);
  await readOrMakeSecret(place.data, systemRandom);
  assert.equal(await mode(place.data), "755");
  assert.equal(await mode(place.file), "600");
});

Deno.test("readOrMakeSecret() takes a secret of the operator's own", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  const own = "ä secret that somebody wrote with an editor, once";
  await Deno.writeTextFile(place.file, `${own}\r\n`, { mode: 0o400 });
  const secret = await readOrMakeSecret(place.data, systemRandom);
  assert.equal(new TextDecoder().decode(secret), own);
});

Deno.test("readOrMakeSecret() refuses a file that others may use", async () => {
  await using place = await scratch();
  const secret = new TextDecoder().decode(await readOrMakeSecret(place.data, systemRandom));
  for (const bits of [0o640, 0o604, 0o620, 0o601, 0o644]) {
    await Deno.chmod(place.file, bits);
    await refused(place.data, new RegExp(`jwt.secret": its mode is ${bits.toString(8)}`), secret);
  }
  await Deno.chmod(place.file, 0o600);
  await readOrMakeSecret(place.data, systemRandom);
});

Deno.test("readOrMakeSecret() refuses a file that holds no whole secret, and keeps it", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  for (const text of ["", "\n", "x".repeat(42), `  ${"x".repeat(42)}\n`]) {
    await Deno.writeTextFile(place.file, text, { mode: 0o600 });
    await refused(place.data, /holds fewer than 43 characters/, "xxx");
    assert.equal(await Deno.readTextFile(place.file), text);
  }
});

Deno.test("readOrMakeSecret() refuses a directory that cannot be one", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(`${place.root}/file`, "");
  await refused(`${place.root}/file`, /Cannot read or make the secret file ".*file\/jwt.secret"/);
  await Deno.mkdir(place.file, { recursive: true, mode: 0o700 });
  await Deno.chmod(place.file, 0o700);
  await refused(place.data, /Cannot read or make the secret file/);
});
