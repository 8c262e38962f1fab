/**
 * Backups of a server that serves: what was acknowledged before is in them, wherever they are
 * restored.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Row } from "../store/kv/database.ts";
import { kvFiles } from "../store/kv/files/mod.ts";
import { FILE_HEADER_BYTES, journalPath, journalSlots } from "../store/kv/journal_files/mod.ts";
import { parseLines } from "../store/kv/lines.ts";
import { openKvStore } from "../store/kv/mod.ts";
import { joinText } from "../store/kv/values.ts";
import type { StoreSnapshot } from "../store/store_files.ts";
import { startFaulty } from "./crash/faulty_server.ts";
import { TestClient } from "./harness/client.ts";
import { type ServerProcess, startServer } from "./harness/server_process.ts";
import { type Ended, runTitan } from "./harness/titan_process.ts";

const PAIRS = 4;

/** Moments that are taken of one busy server. */
const SNAPSHOTS = 20;

/** Messages that are acknowledged before and after a backup, at least. */
const SENDS = 200;

async function scratch() {
  const root = await Deno.makeTempDir({ prefix: "titan-" });
  return {
    root,
    dataDir: join(root, "data"),
    other: join(root, "other"),
    // A task may write in its data directory alone, so the file is there.
    file: join(root, "data", "backup.gz"),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** Runs a command that may read and write more than its data directory. */
function titan(dataDir: string, root: string, ...args: string[]): Promise<Ended> {
  const denoArgs = [`--allow-read=${root}`, `--allow-write=${root}`];
  return runTitan({ dataDir, args, denoArgs });
}

function done({ code, stdout, stderr }: Ended): string {
  assert.equal(code, 0, `${stdout}\n${stderr}`);
  return stdout;
}

/** Expects a command to have failed, and answers the one line it said. */
function refused({ code, stdout, stderr }: Ended, expected = 1): string {
  assert.equal(code, expected, `${stdout}\n${stderr}`);
  const [, line] = /^titan: (.+)\n$/.exec(stderr) ?? [];
  assert.ok(line !== undefined, `not one line: ${stderr}`);
  return line;
}

async function epochOf(server: ServerProcess): Promise<string> {
  await using client = await TestClient.connect(server.wsUrl);
  const { epoch } = await client.signIn(await server.token("eve"));
  assert.match(epoch, /^[\w-]{16}$/);
  return epoch;
}

/** Senders who never rest; their messages wait for receivers who are away. */
class Load implements AsyncDisposable {
  /** Ids of what was acknowledged, by receiver. */
  readonly acknowledged = new Map<string, string[]>();
  #isOver = false;
  readonly #work: Promise<unknown>;

  constructor(server: ServerProcess) {
    this.#work = Promise.all(Array.from({ length: PAIRS }, (_, n) => this.#send(server, n)));
    this.#work.catch(() => this.#isOver = true);
  }

  /** Acknowledged so far. */
  get count(): number {
    return [...this.acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** What was acknowledged by now, of each receiver. */
  now(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.acknowledged].map(([to, ids]) => [to, [...ids]]));
  }

  /** Waits until some more were acknowledged. */
  async more(count: number): Promise<void> {
    const end = this.count + count;
    while (this.count < end && !this.#isOver) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  async #send(server: ServerProcess, n: number): Promise<void> {
    const to = `receiver${n}`;
    const ids: string[] = [];
    this.acknowledged.set(to, ids);
    {
      await using receiver = await TestClient.connect(server.wsUrl);
      await receiver.signIn(await server.token(to));
    }
    await using sender = await TestClient.connect(server.wsUrl);
    await sender.signIn(await server.token(`sender${n}`));
    for (let count = 0; !this.#isOver; count++) {
      const cid = `cid${count}`;
      const report = await sender.sendMessages([{ to, message: `text ${count}`, cid, ttl: 3600 }]);
      assert.deepEqual(report.rejected, []);
      ids.push(...report.accepted.map(({ id }) => id));
    }
  }
}

/** Receives all that waits for a user. */
async function waiting(server: ServerProcess, user: string, atLeast: number): Promise<string[]> {
  await using client = await TestClient.connect(server.wsUrl);
  await client.signIn(await server.token(user));
  return (await client.received(atLeast)).map(({ id }) => id);
}

Deno.test("titan backup of a busy server holds all that was acknowledged before", async () => {
  await using place = await scratch();
  const { root, dataDir, other, file } = place;
  await using server = await startServer({ dataDir, env: { TITAN_SEND_RATE: "0" } });
  const epoch = await epochOf(server);
  let before: ReadonlyMap<string, readonly string[]>;
  {
    await using load = new Load(server);
    await load.more(SENDS);
    before = load.now();
    const told = JSON.parse(
      done(await titan(dataDir, root, "backup", file, "--with-secret", "--json")),
    );
    assert.deepEqual([told.secret, told.bytes], [true, (await Deno.stat(file)).size]);
    assert.match(done(await titan(dataDir, root, "check")), /^Good: /);
    await load.more(SENDS);
  }
  await server.stop("SIGKILL");
  assert.match(done(await titan(dataDir, root, "check")), /^Good: /);
  assert.match(done(await titan(other, root, "restore", file)), /^Restored .* as it was at 20/);
  assert.match(done(await titan(other, root, "check")), /^Good: /);
  await using restored = await startServer({ dataDir: other });
  assert.notEqual(await epochOf(restored), epoch);
  for (const [user, ids] of before) {
    const found = await waiting(restored, user, ids.length);
    assert.deepEqual(found.slice(0, ids.length), ids);
  }
  // The one that was killed goes on under its own name.
  await using again = await startServer({ dataDir });
  assert.equal(await epochOf(again), epoch);
});

Deno.test("kvFiles.open() holds what was acknowledged before, however often the journal changes files", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  // It settles ten times as often, and a file of its journal is soon full.
  await using server = await startFaulty({ hurry: 10 }, {
    dataDir,
    env: { TITAN_SEND_RATE: "0", TITAN_MAILBOX_MESSAGES: "1000000" },
  });
  const path = join(dataDir, "titan.kv");
  const headers = new Set<string>();
  await using load = new Load(server);
  for (let round = 0; round < SNAPSHOTS; round++) {
    await load.more(50);
    const before = load.now();
    using snapshot = kvFiles.open(path);
    const ids = idsIn(snapshot);
    for (const [user, sent] of before) {
      const missing = sent.filter((id) => !ids.has(id));
      assert.deepEqual(missing, [], `${missing.length} of ${sent.length} messages to ${user}`);
    }
    await snapshot.check(({ problem }) => assert.fail(problem));
    for (const slot of journalSlots(path)) headers.add(headerOf(journalPath(path, slot)));
  }
  assert.ok(headers.size > 2, `files of the journal began with ${[...headers].join("; ")}`);
});

Deno.test("a damaged journal is told by every command, and no server starts without what is lost", async () => {
  await using place = await scratch();
  const { root, dataDir, file } = place;
  {
    await using server = await startServer({ dataDir });
    await using client = await TestClient.connect(server.url, { token: await server.token("bob") });
    for (let count = 0; count < 9; count++) await client.sendMessage("bob", `text ${count}`);
    await server.stop("SIGKILL");
  }
  const path = journalPath(join(dataDir, "titan.kv"), 1);
  const bytes = await Deno.readFile(path);
  const text = new TextEncoder().encode("text 4");
  const at = bytes.findIndex((_, index) => text.every((byte, n) => bytes[index + n] === byte));
  bytes[at] = 0x54;
  for (const [damaged, why] of [[bytes, "missing"], [new Uint8Array(), "damaged"]] as const) {
    await Deno.writeFile(path, damaged);
    for (const args of [["check"], ["backup", file], ["user", "list"], ["serve"]]) {
      const line = refused(await titan(dataDir, root, ...args));
      assert.match(line, new RegExp(`journal.* is .*${why}$`), args.join(" "));
    }
  }
});

/** How a file of the journal begins: with the number of its first segment. */
function headerOf(path: string): string {
  return Deno.readFileSync(path).subarray(0, FILE_HEADER_BYTES).toHex();
}

/** The ids of all entries in rows. */
function idsIn(snapshot: StoreSnapshot): ReadonlySet<string> {
  const texts = new Map<string, Row[]>();
  for (const { key, value } of snapshot.rows()) {
    if (key[0] !== "journal" && key[0] !== "messages") continue;
    const text = key.slice(0, -1).join();
    texts.set(text, [...texts.get(text) ?? [], { key, value, version: "" }]);
  }
  const lines = [...texts.values()].flatMap((parts) => [...parseLines(joinText(parts))]);
  return new Set(lines.flatMap((line) => line.kind === "entry" ? [line.entry.id] : []));
}

Deno.test("titan backup - and titan restore - go through pipes", async () => {
  await using place = await scratch();
  const { dataDir, other, root } = place;
  done(await titan(dataDir, root, "user", "add", "alice"));
  const program = { args: ["run", "-A", "main.ts"], cwd: new URL("..", import.meta.url) };
  const made = await new Deno.Command(Deno.execPath(), {
    ...program,
    args: [...program.args, "backup", "-"],
    env: { TITAN_DATA_DIR: dataDir },
    stderr: "piped",
  }).output();
  assert.equal(made.code, 0);
  const said = new TextDecoder().decode(made.stderr);
  assert.match(said, /jwt\.secret is not in the backup/);
  const child = new Deno.Command(Deno.execPath(), {
    ...program,
    args: [...program.args, "restore", "-"],
    env: { TITAN_DATA_DIR: other },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(made.stdout);
  await writer.close();
  const { code, stderr } = await child.output();
  assert.equal(code, 0);
  assert.match(new TextDecoder().decode(stderr), /There is no jwt\.secret/);
  assert.match(done(await titan(other, root, "user", "list")), /alice/);
});

Deno.test("titan restore refuses what would lose something, and changes nothing then", async () => {
  await using place = await scratch();
  const { dataDir, other, root, file } = place;
  const missing = await titan(dataDir, root, "backup", file);
  assert.match(refused(missing), /^There is no database in the data directory/);
  done(await titan(dataDir, root, "user", "add", "alice"));
  done(await titan(dataDir, root, "backup", file));
  assert.match(refused(await titan(dataDir, root, "backup", file)), /it exists already$/);
  done(await titan(other, root, "user", "add", "bob"));
  const full = await titan(other, root, "restore", file);
  assert.match(refused(full), /^There is a database in .* already: --force replaces it$/);
  // Of one that was moved away, there may still be messages.
  const journal = join(root, "moved", "titan.kv.journal.1");
  await Deno.mkdir(join(root, "moved"), { mode: 0o700 });
  await Deno.writeTextFile(journal, "messages");
  const moved = await titan(join(root, "moved"), root, "restore", file);
  assert.match(refused(moved), /^There is a database in .* already: --force replaces it$/);
  assert.equal(await Deno.readTextFile(journal), "messages");
  const bytes = await Deno.readFile(file);
  const damaged = join(root, "damaged.gz");
  for (const [change, reason] of damages(bytes)) {
    await Deno.writeFile(damaged, change);
    const line = refused(await titan(other, root, "restore", damaged, "--force"));
    assert.match(line, new RegExp(`^Cannot restore ".*damaged\\.gz": File is ${reason}`));
  }
  const none = await titan(other, root, "restore", join(root, "none.gz"));
  assert.match(refused(none), /^Cannot read ".*none\.gz"/);
  const folder = await titan(other, root, "restore", root);
  assert.match(refused(folder), /^Cannot restore ".*": Is a directory/);
  assert.match(done(await titan(other, root, "user", "list")), /bob/);
  {
    await using _server = await startServer({ dataDir: other });
    const used = await titan(other, root, "restore", file, "--force");
    assert.match(refused(used), /process \d+ uses it\. Stop it first$/);
  }
  done(await titan(other, root, "restore", file, "--force"));
  const users = done(await titan(other, root, "user", "list"));
  assert.match(users, /alice/);
  assert.doesNotMatch(users, /bob/);
  const names = (await Array.fromAsync(Deno.readDir(other))).map(({ name }) => name).sort();
  // The server did not stop in good order: its socket is still there.
  assert.deepEqual(names, ["jwt.secret", "operator.sock", "titan.kv", "titan.lock"]);
  for (const name of names) {
    assert.equal(((await Deno.stat(join(other, name))).mode ?? 0) & 0o777, 0o600);
  }
});

Deno.test("titan restore --force replaces a secret that cannot be used, or tells of it", async () => {
  await using place = await scratch();
  const { dataDir, other, root, file } = place;
  done(await titan(dataDir, root, "user", "add", "alice"));
  done(await titan(dataDir, root, "token", "alice"));
  const secret = await Deno.readTextFile(join(dataDir, "jwt.secret"));
  done(await titan(dataDir, root, "backup", file, "--with-secret"));
  const bare = join(root, "bare.gz");
  done(await titan(dataDir, root, "backup", bare));
  await Deno.mkdir(other, { mode: 0o700 });
  const path = join(other, "jwt.secret");
  for (const mode of [0o600, 0o644]) {
    await Deno.writeTextFile(path, "cut off", { mode });
    await Deno.chmod(path, mode);
    refused(await titan(other, root, "restore", file));
    const restored = await titan(other, root, "restore", bare, "--force");
    assert.match(done(restored), /^Restored /);
    assert.match(restored.stderr, /^titan: Cannot (use|trust) the secret file .*\n$/);
    done(await titan(other, root, "restore", file, "--force"));
    assert.equal(await Deno.readTextFile(path), secret);
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }
});

/** Files that are no whole backup, and what is said of them. */
function damages(bytes: Uint8Array<ArrayBuffer>): [Uint8Array<ArrayBuffer>, string][] {
  const flipped = bytes.slice();
  const middle = flipped.length >> 1;
  flipped[middle] = (flipped[middle] ?? 0) ^ 0xff;
  return [
    [new TextEncoder().encode("hello"), "cut off, damaged or no backup"],
    [bytes.slice(0, bytes.length - 20), "cut off"],
    [flipped, "(cut off, )?damaged"],
  ];
}

Deno.test("titan check finds damage in an index, and --mend mends it", async () => {
  await using place = await scratch();
  const { dataDir, root } = place;
  done(await titan(dataDir, root, "user", "add", "alice", "--email", "alice@example.org"));
  const path = join(dataDir, "titan.kv");
  const kv = await Deno.openKv(path);
  for await (const { key } of kv.list({ prefix: ["emails"] })) await kv.delete(key);
  kv.close();
  const found = await titan(dataDir, root, "check");
  assert.equal(found.code, 1);
  assert.match(found.stdout, /^mendable: User "alice" is not found by the e-mail address\n/);
  const { problems } = JSON.parse((await titan(dataDir, root, "check", "--json")).stdout);
  assert.equal(problems.length, 1);
  {
    await using _store = await openKvStore(path, {
      clock: { now: () => 1, monotonic: () => 0, after: () => () => {} },
      limits: { mailboxMessages: 1, mailboxBytes: 1, backlogBytes: 1 },
      owner: {},
      epoch: "test",
      lost: () => {},
      failed: () => {},
    });
    assert.equal((await titan(dataDir, root, "check")).code, 1);
  }
  {
    await using _server = await startServer({ dataDir });
    assert.match(refused(await titan(dataDir, root, "check", "--mend")), /Stop it first/);
  }
  assert.match(done(await titan(dataDir, root, "check", "--mend")), /^mended: User "alice"/);
  assert.match(done(await titan(dataDir, root, "check")), /^Good: 1 users, 0 devices, 0 stored/);
});

Deno.test("titan backup leaves no work behind for the server", async () => {
  await using place = await scratch();
  const { root, dataDir, file } = place;
  await using server = await startServer({ dataDir, env: { TITAN_SEND_RATE: "0" } });
  {
    await using load = new Load(server);
    await load.more(SENDS);
  }
  const { log: written } = logOf(dataDir);
  done(await titan(dataDir, root, "backup", file));
  const { checkpointed } = logOf(dataDir);
  assert.ok(checkpointed >= written, `${checkpointed} of ${written} pages are in the database`);
  await server.stop();
});

/** What SQLite says of its log; "NOOP" only looks. */
function logOf(dataDir: string): { log: number; checkpointed: number } {
  using database = new DatabaseSync(join(dataDir, "titan.kv"));
  const found = database.prepare("PRAGMA wal_checkpoint(NOOP)").get();
  return { log: Number(found?.["log"]), checkpointed: Number(found?.["checkpointed"]) };
}
