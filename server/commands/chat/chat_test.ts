import assert from "node:assert/strict";
import { FakeClock } from "../../fake_clock.ts";
import { settled } from "../../fake_world.ts";
import { CommandError } from "../exit.ts";
import { Chat, type ChatParts } from "./chat.ts";
import { FakeScreen } from "./fake_screen.ts";
import type { End } from "./reconnect.ts";
import { AnswerError, EndedError, type RpcConnection, type RpcPeer } from "./rpc_socket.ts";

interface Call {
  readonly method: string;
  // deno-lint-ignore no-explicit-any -- whatever the client says is looked at by the test
  readonly params: any;
  readonly answer: PromiseWithResolvers<unknown>;
}

const WELCOME = {
  user: "alice",
  device: "default",
  pending: 0,
  window: 64,
  limits: {},
  heartbeat: 25,
};

/** A connection whose other end is the test. */
class FakeConnection implements RpcConnection {
  readonly peer: RpcPeer;
  readonly calls: Call[] = [];
  readonly #answers: PromiseWithResolvers<unknown>[] = [];
  readonly #ended = Promise.withResolvers<End>();
  isEnded = false;

  constructor(peer: RpcPeer) {
    this.peer = peer;
  }

  get ended(): Promise<End> {
    return this.#ended.promise;
  }

  call(method: string, params: unknown): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    this.calls.push({ method, params, answer });
    this.#answers.push(answer);
    return answer.promise;
  }

  probeAfter(): void {
    // The clock of these tests is for reconnecting.
  }

  close(): Promise<void> {
    this.end(1000);
    return Promise.resolve();
  }

  /** Ends the connection as the server does. */
  end(code: number, reason = ""): void {
    this.isEnded = true;
    for (const { reject } of this.#answers) reject(new EndedError("Connection is over"));
    this.#ended.resolve({ code, reason });
  }

  /** The next request that is not answered yet. */
  async next(method: string): Promise<Call> {
    for (;;) {
      const [call] = this.calls;
      if (call === undefined) await settled();
      else {
        assert.equal(call.method, method);
        this.calls.shift();
        return call;
      }
    }
  }

  /** Lets the client in. */
  async letIn(welcome: object = {}): Promise<Call> {
    const call = await this.next("auth.jwt");
    call.answer.resolve({ ...WELCOME, ...welcome });
    return call;
  }

  /** Accepts the next messages, and answers them. */
  async accept(): Promise<{ to: string; message: string; cid: string }[]> {
    const { params: { messages }, answer } = await this.next("msg.send");
    const accepted = messages.map(({ cid }: { cid: string }, index: number) => ({
      index,
      id: cid,
    }));
    answer.resolve({ accepted, rejected: [] });
    return messages;
  }
}

/** A chat with everything around it. */
function scratch(
  { isInteractive = false, ...overrides }: Partial<ChatParts> & { isInteractive?: boolean } = {},
) {
  const screen = new FakeScreen(isInteractive);
  const clock = new FakeClock();
  const connections: FakeConnection[] = [];
  /** What becomes of the next connections; without a word they come about. */
  const failures: Error[] = [];
  const chat = new Chat({
    screen,
    clock,
    random: () => 1,
    connect(peer) {
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure);
      const connection = new FakeConnection(peer);
      connections.push(connection);
      return Promise.resolve(connection);
    },
    token: () => Promise.resolve("a-token"),
    device: undefined,
    receiver: "bob",
    cidPrefix: "c",
    ...overrides,
  });
  return {
    screen,
    clock,
    failures,
    chat,
    /** The connection of a number, from 0. */
    async connection(index = 0): Promise<FakeConnection> {
      for (;;) {
        const connection = connections[index];
        if (connection !== undefined) return connection;
        await settled();
      }
    },
  };
}

Deno.test("Chat signs in so that it hears of receipts", async () => {
  const { screen, chat, connection } = scratch({ device: "tty" });
  const running = chat.run();
  const server = await connection();
  const { params } = await server.letIn({ pending: 2 });
  assert.deepEqual(params, { token: "a-token", receipts: true, device: "tty" });
  await screen.until(/^Signed in as alice on device default: 2 messages wait$/);
  server.peer.notified("queue.empty", undefined);
  screen.endInput();
  assert.equal(await running, 0);
});

Deno.test("Chat ends when all lines are acknowledged and all that waited is shown", async () => {
  const { screen, chat, connection } = scratch();
  const running = chat.run();
  screen.type("one", "two");
  screen.endInput();
  const server = await connection();
  await server.letIn();
  const sent = [...await server.accept()];
  while (sent.length < 2) sent.push(...await server.accept());
  assert.deepEqual(sent, [
    { to: "bob", message: "one", cid: "c-1" },
    { to: "bob", message: "two", cid: "c-2" },
  ]);
  await screen.until(/#2 to bob: sent/);
  server.peer.notified("queue.empty", undefined);
  assert.equal(await running, 0);
  assert.equal(server.isEnded, true);
});

Deno.test("Chat sends what was not acknowledged again under the same client id", async () => {
  const { screen, clock, chat, connection } = scratch();
  const running = chat.run();
  screen.type("one");
  const first = await connection(0);
  await first.letIn();
  const { params } = await first.next("msg.send");
  first.end(1006);
  await screen.until(/^Connection lost \(code 1006\), connecting again in 0.5 s$/);
  clock.advance(500);
  const second = await connection(1);
  await second.letIn();
  assert.deepEqual(await second.accept(), params.messages);
  second.peer.notified("queue.empty", undefined);
  screen.endInput();
  assert.equal(await running, 0);
});

Deno.test("Chat answers 1 where a line was refused, and sends the others", async () => {
  const { screen, chat, connection } = scratch();
  const running = chat.run();
  screen.type("one");
  const server = await connection();
  await server.letIn();
  server.peer.notified("queue.empty", undefined);
  const { answer } = await server.next("msg.send");
  const rejected = [{ index: 0, code: -32002, message: "Receiver does not exist" }];
  answer.resolve({ accepted: [], rejected });
  await screen.until(/#1 to bob: refused: Receiver does not exist/);
  screen.type("two");
  screen.endInput();
  await server.accept();
  assert.equal(await running, 1);
});

Deno.test("Chat takes its commands from the lines", async () => {
  const { screen, chat, connection } = scratch({ receiver: "" });
  const running = chat.run();
  screen.type("to nobody", "/to Bob", "hello", "/to a b", "/help", "//quit", "/quit", "not read");
  const server = await connection();
  await server.letIn();
  const sent = [...await server.accept()];
  while (sent.length < 2) sent.push(...await server.accept());
  assert.deepEqual(sent.map(({ to, message }) => [to, message]), [
    ["bob", "hello"],
    ["bob", "/quit"],
  ]);
  server.peer.notified("queue.empty", undefined);
  assert.equal(await running, 1);
  assert.deepEqual(screen.prompts, ["", "bob"]);
  await screen.until(/^Say first whom to write to/);
  await screen.until(/^There is no \/to: /);
  await screen.until(/^\/quit +leave/);
});

Deno.test("Chat takes a text up to the limit of a message", async () => {
  const { screen, chat, connection } = scratch();
  const running = chat.run();
  screen.type("é".repeat(24 * 1024), "é".repeat(24 * 1024) + "x");
  screen.endInput();
  const server = await connection();
  await server.letIn();
  assert.equal((await server.accept()).length, 1);
  server.peer.notified("queue.empty", undefined);
  assert.equal(await running, 1);
  await screen.until(/^Not sent: longer than 49152 bytes$/);
});

Deno.test("Chat does not wait for the mailbox where somebody sits there", async () => {
  const { screen, chat, connection } = scratch({ isInteractive: true });
  const running = chat.run();
  await (await connection()).letIn();
  screen.type("/nothing", "/quit");
  assert.equal(await running, 0);
});

Deno.test("Chat ends where the server does not want it back", async () => {
  const { chat, connection } = scratch({ isInteractive: true });
  const running = chat.run();
  const server = await connection();
  await server.letIn();
  server.end(4409, "Replaced by a newer connection of the same device");
  await assert.rejects(running, (error) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, 1);
    assert.match(error.message, /^Server closed the connection: Replaced by a newer connection/);
    return true;
  });
});

Deno.test("Chat ends where the server refuses the sign-in", async () => {
  const { chat, connection } = scratch();
  const running = chat.run();
  const { answer } = await (await connection()).next("auth.jwt");
  answer.reject(new AnswerError("Credential is not valid: expired", false, 1));
  await assert.rejects(running, { message: "Server refused: Credential is not valid: expired" });
});

Deno.test("Chat signs in again where the server says that this can help", async () => {
  const { screen, clock, chat, connection } = scratch({ isInteractive: true });
  const running = chat.run();
  const server = await connection();
  const { answer } = await server.next("auth.jwt");
  answer.reject(new AnswerError("Too many requests", true, 7));
  while (clock.timers === 0) await settled();
  clock.advance(7000);
  await server.letIn();
  screen.type("/quit");
  assert.equal(await running, 0);
});

Deno.test("Chat ends where it cannot connect at first", async () => {
  const { failures, chat } = scratch({ isInteractive: true });
  failures.push(new Error("tcp connect error"));
  const message = "Cannot connect: tcp connect error. Is the server running?";
  await assert.rejects(chat.run(), { message });
});

Deno.test("Chat comes back as often as it takes where somebody sits there", async () => {
  const { screen, clock, failures, chat, connection } = scratch({ isInteractive: true });
  const running = chat.run();
  const first = await connection();
  await first.letIn();
  await screen.until(/^Signed in/);
  for (let n = 0; n < 9; n++) failures.push(new Error("down"));
  first.end(4101, "Server is stopping: reconnect after 2 s");
  for (const wait of ["3.0", "1.0", "2.0", "4.0", "8.0", "16.0", "30.0", "30.0", "30.0", "30.0"]) {
    await screen.until(new RegExp(`again in ${wait} s$`));
    screen.shown.length = 0;
    clock.advance(Number(wait) * 1000);
  }
  await (await connection(1)).letIn({ pending: 1 });
  await screen.until(/1 message waits/);
  screen.type("/quit");
  assert.equal(await running, 0);
});

Deno.test("Chat without a terminal gives up after a while, and says what is left", async () => {
  const { screen, clock, failures, chat, connection } = scratch();
  const running = chat.run().then(() => assert.fail("expected to give up"), (error) => error);
  screen.type("one");
  const first = await connection();
  await first.letIn();
  await first.next("msg.send");
  for (let n = 0; n < 9; n++) failures.push(new Error("down"));
  first.end(1006);
  for (const wait of ["0.5", "1.0", "2.0", "4.0", "8.0", "16.0", "30.0"]) {
    await screen.until(new RegExp(`again in ${wait} s$`));
    clock.advance(Number(wait) * 1000);
  }
  const error = await running;
  assert.ok(error instanceof CommandError);
  assert.equal(error.message, "Gave up with 1 message unacknowledged: down");
});

Deno.test("Chat ends where nobody reads its output", async () => {
  const { screen, chat, connection } = scratch();
  const running = chat.run();
  running.catch(() => {});
  const server = await connection();
  await server.letIn({ pending: 1 });
  screen.failure = new Error("Broken pipe");
  const time = "2026-11-22T12:00:00.000Z";
  const message = { id: "1", from: "bob", to: "alice", time, message: "hello" };
  await assert.rejects(server.peer.answer("msg.recv", [message]), /Broken pipe/);
  await assert.rejects(running, { message: "Cannot write to standard output" });
});
