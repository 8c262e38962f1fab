import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../fake_clock.ts";
import { settled } from "../fake_world.ts";
import { CommandError } from "./exit.ts";
import { fileOutput, streamOutput } from "./output.ts";

const WORDS = { what: "the backup", hint: "give - for the file" };
const BYTES = new TextEncoder().encode("some bytes");

async function scratch() {
  const root = await Deno.makeTempDir();
  return {
    path: join(root, "b.gz"),
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

Deno.test("fileOutput() gives the file its name when it is whole, for its owner alone", async () => {
  await using place = await scratch();
  {
    await using output = await fileOutput(place.path, WORDS);
    await output.write(BYTES);
    assert.deepEqual(await place.names(), ["b.gz.part"]);
    await output.write(new Uint8Array(9_000_000));
    await output.finish();
  }
  assert.deepEqual(await place.names(), ["b.gz"]);
  const { size, mode } = await Deno.stat(place.path);
  assert.deepEqual([size, (mode ?? 0) & 0o777], [9_000_010, 0o600]);
});

Deno.test("fileOutput() leaves nothing behind where it was not finished", async () => {
  await using place = await scratch();
  {
    await using output = await fileOutput(place.path, WORDS);
    await output.write(BYTES);
  }
  assert.deepEqual(await place.names(), []);
});

Deno.test("fileOutput() bears that its unfinished file is gone already", async () => {
  await using place = await scratch();
  await using _output = await fileOutput(place.path, WORDS);
  await Deno.remove(`${place.path}.part`);
});

Deno.test("fileOutput() does not touch what exists", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(place.path, "precious");
  await assert.rejects(fileOutput(place.path, WORDS), told(/b\.gz": it exists already$/));
  assert.equal(await Deno.readTextFile(place.path), "precious");
  assert.deepEqual(await place.names(), ["b.gz"]);
});

Deno.test("fileOutput() says why it cannot", async () => {
  await using place = await scratch();
  const missing = join(place.path, "deeper");
  await assert.rejects(
    fileOutput(missing, WORDS),
    told(/^Cannot write ".*deeper.*": No such file/),
  );
});

Deno.test("fileOutput() never replaces a file, but what a killed command has left", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(`${place.path}.part`, "the half of a backup", { mode: 0o644 });
  {
    await using output = await fileOutput(place.path, WORDS);
    await assert.rejects(
      fileOutput(place.path, WORDS),
      told(/^Another command writes ".*b\.gz\.part"$/),
    );
    await output.write(BYTES);
    await output.finish();
  }
  assert.deepEqual(await Deno.readFile(place.path), BYTES);
  assert.equal(((await Deno.stat(place.path)).mode ?? 0) & 0o777, 0o600);
  await assert.rejects(
    fileOutput(place.path, WORDS),
    told(/^Cannot write ".*": it exists already$/),
  );
  assert.deepEqual(await place.names(), ["b.gz"]);
});

Deno.test("fileOutput() writes into no file that somebody else has put there", async () => {
  await using place = await scratch();
  const victim = join(place.path, "..", "victim");
  await Deno.writeTextFile(victim, "precious");
  await Deno.mkdir(`${place.path}.part`);
  await assert.rejects(
    fileOutput(place.path, WORDS),
    told(/^Cannot write ".*b\.gz\.part": something else than a file is there$/),
  );
  await Deno.remove(`${place.path}.part`);
  // A link stands for all that is not ours. Whoever made a file beforehand could read what is
  // written into it.
  await Deno.link(victim, `${place.path}.part`);
  {
    await using output = await fileOutput(place.path, WORDS);
    await output.write(BYTES);
    await output.finish();
  }
  assert.equal(await Deno.readTextFile(victim), "precious");
  assert.deepEqual(await Deno.readFile(place.path), BYTES);
});

Deno.test("streamOutput() writes all, however little is taken at once", async () => {
  const taken: number[] = [];
  const output = streamOutput({
    write(bytes) {
      taken.push(...bytes.subarray(0, 3));
      return Promise.resolve(Math.min(3, bytes.length));
    },
  }, WORDS);
  await output.write(BYTES);
  await output.finish();
  assert.deepEqual(taken, [...BYTES]);
  const broken = streamOutput({ write: () => Promise.reject(new Deno.errors.BrokenPipe()) }, WORDS);
  await assert.rejects(
    broken.write(BYTES),
    told(/^Cannot write the backup: nobody reads it any more$/),
  );
});

Deno.test("streamOutput() gives up a stream that takes nothing, where it is told to", async () => {
  const clock = new FakeClock();
  const writes: PromiseWithResolvers<number>[] = [];
  const write = () => {
    const one = Promise.withResolvers<number>();
    writes.push(one);
    return one.promise;
  };
  const output = streamOutput({ write }, WORDS, { clock, ms: 60_000 });
  const written = output.write(BYTES);
  // Each time that it takes some, it has the whole time again.
  for (let at = 0; at < 3; at++) {
    clock.advance(59_999);
    writes[at]?.resolve(1);
    await settled();
  }
  clock.advance(60_000);
  await assert.rejects(written, told(/^Cannot write the backup: nobody read it for 60 s$/));
  assert.equal(clock.timers, 0);
});
