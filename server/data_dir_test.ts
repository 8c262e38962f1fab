import assert from "node:assert/strict";
import { join } from "node:path";
import {
  DataDir,
  DataDirError,
  dataDirExists,
  DataDirTakenError,
  socketPathOf,
} from "./data_dir.ts";

/** A directory of its own for one test. */
async function scratch() {
  const root = await Deno.makeTempDir();
  return {
    root,
    data: join(root, "deep", "data"),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function mode(path: string): Promise<string> {
  return ((await Deno.stat(path)).mode ?? 0).toString(8).slice(-3);
}

Deno.test("DataDir.open() makes the directory for its owner alone", async () => {
  await using place = await scratch();
  using dir = await DataDir.open(place.data);
  assert.equal(dir.path, place.data);
  assert.equal(await mode(place.data), "700");
  assert.equal(await mode(join(place.data, "titan.lock")), "600");
});

Deno.test("DataDir.open() writes who owns the directory into its lock", async () => {
  await using place = await scratch();
  await Deno.mkdir(place.data, { recursive: true });
  await Deno.writeTextFile(join(place.data, "titan.lock"), "12345678901234567890\n");
  using _dir = await DataDir.open(place.data);
  assert.equal(await Deno.readTextFile(join(place.data, "titan.lock")), `${Deno.pid}\n`);
});

Deno.test("DataDir.open() refuses a directory that somebody owns, and names the owner", async () => {
  await using place = await scratch();
  using _dir = await DataDir.open(place.data);
  await assert.rejects(DataDir.open(place.data), (error) => {
    assert.ok(error instanceof DataDirTakenError);
    assert.equal(error.pid, Deno.pid);
    assert.equal(
      error.message,
      `Cannot use the data directory "${place.data}": process ${Deno.pid} uses it`,
    );
    return true;
  });
});

Deno.test("DataDir.open() does without the owner's name where the lock has none", async () => {
  await using place = await scratch();
  using _dir = await DataDir.open(place.data);
  await Deno.writeTextFile(join(place.data, "titan.lock"), "");
  await assert.rejects(DataDir.open(place.data), {
    message: `Cannot use the data directory "${place.data}": another process uses it`,
  });
});

Deno.test("DataDir has its directory until it is disposed of", async () => {
  await using place = await scratch();
  const first = await DataDir.open(place.data);
  first[Symbol.dispose]();
  using _second = await DataDir.open(place.data);
  await assert.rejects(DataDir.open(place.data), DataDirTakenError);
});

Deno.test("DataDir.open() says in one line why a directory cannot be used", async () => {
  await using place = await scratch();
  const file = join(place.root, "file");
  await Deno.writeTextFile(file, "");
  await assert.rejects(DataDir.open(join(file, "data")), (error) => {
    assert.ok(error instanceof DataDirError);
    assert.match(error.message, /^Cannot use the data directory ".*file.data": .*$/);
    return true;
  });
});

Deno.test("DataDir.database() makes a file that others cannot read", async () => {
  await using place = await scratch();
  using dir = await DataDir.open(place.data);
  const path = await dir.database();
  assert.equal(path, join(place.data, "titan.kv"));
  assert.equal(await mode(path), "600");
});

Deno.test("DataDir.database() leaves a database as it is", async () => {
  await using place = await scratch();
  using dir = await DataDir.open(place.data);
  await Deno.writeTextFile(await dir.database(), "everything");
  assert.equal(await Deno.readTextFile(await dir.database()), "everything");
});

Deno.test("dataDirExists() sees directories only", async () => {
  await using place = await scratch();
  assert.equal(await dataDirExists(place.root), true);
  assert.equal(await dataDirExists(place.data), false);
  await Deno.writeTextFile(join(place.root, "file"), "");
  assert.equal(await dataDirExists(join(place.root, "file")), false);
});

Deno.test("socketPathOf() takes the shorter way to write the path", () => {
  assert.equal(socketPathOf("data"), join("data", "operator.sock"));
  assert.equal(socketPathOf(Deno.cwd()), "operator.sock");
  assert.equal(socketPathOf("/x"), "/x/operator.sock");
});

Deno.test("socketPathOf() answers null where no way is short enough", () => {
  const name = "n".repeat(103 - "/".length - "/operator.sock".length);
  assert.equal(socketPathOf(`/${name}`)?.length, 103);
  assert.equal(socketPathOf(`/${name}n`), null);
  assert.equal(socketPathOf(`/${name.slice(1)}é`), null);
});
