import assert from "node:assert/strict";
import { join } from "node:path";
import { CommandError } from "./exit.ts";
import { fileOutput, streamOutput } from "./export_output.ts";

async function scratch() {
  const root = await Deno.makeTempDir();
  return {
    path: join(root, "export.json"),
    names: async () => (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** The message of a {@linkcode CommandError}. */
function told(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, message);
    return true;
  };
}

Deno.test("fileOutput() makes a file for its owner alone", async () => {
  await using place = await scratch();
  {
    await using output = await fileOutput(place.path);
    await output.write("a 😀");
    await output.write("b");
    await output.finish();
  }
  assert.equal(await Deno.readTextFile(place.path), "a 😀b");
  assert.equal(((await Deno.stat(place.path)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("fileOutput() leaves nothing behind where it was not finished", async () => {
  await using place = await scratch();
  {
    await using output = await fileOutput(place.path);
    await output.write("half");
  }
  assert.deepEqual(await place.names(), []);
});

Deno.test("fileOutput() bears that its unfinished file is gone already", async () => {
  await using place = await scratch();
  await using _output = await fileOutput(place.path);
  await Deno.remove(place.path);
});

Deno.test("fileOutput() does not touch what exists", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(place.path, "precious");
  await assert.rejects(fileOutput(place.path), told(/export\.json": it exists already$/));
  assert.equal(await Deno.readTextFile(place.path), "precious");
  assert.deepEqual(await place.names(), ["export.json"]);
});

Deno.test("fileOutput() says why it cannot", async () => {
  await using place = await scratch();
  const missing = join(place.path, "deeper");
  await assert.rejects(fileOutput(missing), told(/^Cannot write ".*deeper": No such file/));
});

Deno.test("streamOutput() writes all, however little is taken at once", async () => {
  const taken: number[] = [];
  const write = (bytes: Uint8Array) => {
    const part = bytes.subarray(0, 3);
    taken.push(...part);
    return Promise.resolve(part.length);
  };
  await using output = streamOutput({ write });
  await output.write("Grüße 😀");
  await output.finish();
  assert.equal(new TextDecoder().decode(Uint8Array.from(taken)), "Grüße 😀");
});

Deno.test("streamOutput() says that nobody reads", async () => {
  const write = () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe"));
  await using output = streamOutput({ write });
  await assert.rejects(
    output.write("a"),
    told(/^Cannot write the export: nobody reads it any more$/),
  );
});
