/**
 * How a server goes down with many people on it: in order, at a bounded rate, and losing nothing.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { AnsweredError, TestClient } from "./harness/client.ts";
import { eventually } from "./harness/eventually.ts";
import { LISTENERS } from "./harness/local_server.ts";
import { type ServerProcess, startServer } from "./harness/server_process.ts";

const PEOPLE = 400;

/** So many of them write all the time. */
const WRITERS = 10;

/** Everybody, signed in, a few at a time: the server lets few in that have not signed in. */
async function enterAll(server: ServerProcess, people: number): Promise<readonly TestClient[]> {
  const clients: TestClient[] = [];
  let next = 0;
  const worker = async () => {
    while (next < people) {
      const token = await server.token(`user-${next++}`);
      clients.push(await TestClient.connect(server.url, { token }));
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return clients;
}

/** Writes to somebody who is away until the connection ends; answers what was acknowledged. */
async function writeOn(client: TestClient, name: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; client.isOpen; n++) {
    const text = `${name}-${n}`;
    try {
      await client.request("msg.send", [{ to: "away", message: text, cid: text }]);
      acknowledged.push(text);
    } catch (error) {
      // The connection went first: nobody was promised anything. Nothing is refused meanwhile.
      if (error instanceof AnsweredError) throw error;
    }
  }
  return acknowledged;
}

/** RFC 6455 §1.3: its sample nonce. */
const UPGRADE = "GET / HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n" +
  "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

async function send(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

async function readSome(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(1024);
  return new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
}

async function readiness(url: string): Promise<string> {
  const response = await fetch(new URL("/readyz", url));
  return `${response.status} ${(await response.text()).trim()}`;
}

for (const listener of LISTENERS) {
  Deno.test(`titan serve drains hundreds of connections and loses nothing (${listener})`, async () => {
    const env = { TITAN_LISTENER: listener, TITAN_SEND_RATE: "0" };
    const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
    await using server = await startServer({ dataDir, env });
    const awayToken = await server.token("away");
    const away = await TestClient.connect(server.url, { token: awayToken });
    await away.close();
    const clients = await enterAll(server, PEOPLE);
    assert.equal(await readiness(server.url), "200 ready");
    const writing = clients.slice(0, WRITERS).map((client, index) => writeOn(client, `w${index}`));
    const ends = clients.map(async (client) => ({ ...await client.closed, at: performance.now() }));
    server.kill("SIGTERM");
    await server.logged("stopping");
    assert.equal(await readiness(server.url), "503 not ready: draining");
    await assert.rejects(TestClient.connect(server.url), "somebody new was let in");
    const closed = await Promise.all(ends);
    // Deno's client may miss the code while it writes; it comes back in any case.
    const idle = closed.slice(WRITERS);
    assert.deepEqual([...new Set(idle.map(({ code }) => code))], [4101]);
    const moments = closed.map(({ at }) => at).sort((a, b) => a - b);
    // 500 a second: 400 take 0.8 s, and no quarter of a second has more than half of them.
    const [first = 0] = moments;
    assert.ok((moments.at(-1) ?? 0) - first > 400, "they were sent away all at once");
    const most = Math.max(
      ...moments.map((from) => moments.filter((at) => at >= from && at < from + 250).length),
    );
    assert.ok(most < PEOPLE * 0.6, `${most} within 250 ms`);
    const acknowledged = (await Promise.all(writing)).flat();
    assert.equal((await server.ended).code, 0);
    assert.equal((await server.logged("drained"))["connections"], PEOPLE);
    await using next = await startServer({ dataDir, env });
    await using reader = await TestClient.connect(next.url, { token: awayToken });
    await eventually(() => {
      assert.ok(reader.empties > 0, "the mailbox is not read to its end");
      return Promise.resolve();
    }, "the end of the mailbox");
    const read = new Set(reader.messages.map(({ message }) => message));
    assert.deepEqual(acknowledged.filter((text) => !read.has(text)), []);
    assert.equal(read.size, reader.messages.length, "a message came twice");
    assert.ok(acknowledged.length > 0);
    await next.stop();
    await Deno.remove(dataDir, { recursive: true });
  });
}

for (const listener of LISTENERS) {
  Deno.test(`titan serve ends within TITAN_DRAIN whoever is slow to go (${listener})`, async () => {
    const env = { TITAN_LISTENER: listener, TITAN_DRAIN: "3", TITAN_ADMIN_PORT: "0" };
    const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
    await using server = await startServer({ dataDir, env });
    const { hostname, port } = new URL(server.url);
    // One never ends its request, and one never answers that its WebSocket is closed.
    using unfinished = await Deno.connect({ hostname, port: Number(port) });
    await send(unfinished, "POST /rpc HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\n{");
    using deaf = await Deno.connect({ hostname, port: Number(port) });
    await send(deaf, UPGRADE);
    assert.match(await readSome(deaf), /^HTTP\/1\.1 101/);
    const path = join(dataDir, "operator.sock");
    using operator = await Deno.connect({ transport: "unix", path });
    await send(operator, "POST /users HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\n{");
    const asked = performance.now();
    assert.equal((await server.stop("SIGTERM")).code, 0);
    const ms = performance.now() - asked;
    assert.ok(ms < 3000, `it took ${ms} ms`);
    await Deno.remove(dataDir, { recursive: true });
  });
}

Deno.test("titan serve ends at once with a second signal, and loses nothing", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "titan-" });
  await using server = await startServer({ dataDir, env: { TITAN_SEND_RATE: "0" } });
  const awayToken = await server.token("away");
  await (await TestClient.connect(server.url, { token: awayToken })).close();
  const clients = await enterAll(server, PEOPLE);
  const writing = clients.slice(0, WRITERS).map((client, index) => writeOn(client, `w${index}`));
  server.kill("SIGTERM");
  await server.logged("stopping");
  await new Promise((resolve) => setTimeout(resolve, 510));
  const asked = performance.now();
  assert.equal((await server.stop("SIGTERM")).code, 1);
  assert.ok(performance.now() - asked < 2000, "it took its time");
  const acknowledged = (await Promise.all(writing)).flat();
  await Promise.all(clients.map((client) => client.closed));
  await using next = await startServer({ dataDir });
  await using reader = await TestClient.connect(next.url, { token: awayToken });
  await eventually(() => {
    assert.ok(reader.empties > 0, "the mailbox is not read to its end");
    return Promise.resolve();
  }, "the end of the mailbox");
  const read = new Set(reader.messages.map(({ message }) => message));
  assert.deepEqual(acknowledged.filter((text) => !read.has(text)), []);
  await next.stop();
  await Deno.remove(dataDir, { recursive: true });
});
