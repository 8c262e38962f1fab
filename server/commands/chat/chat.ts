/**
 * One chat from its beginning to its end, over as many connections as it takes.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { MESSAGE_TEXT_BYTES_MAX } from "../../../limits.ts";
import { parseUserId } from "../../../rpc/mod.ts";
import type { Clock } from "../../clock.ts";
import { CommandError, EXIT } from "../exit.ts";
import { printableLine } from "../printable.ts";
import { CHAT_HELP, readChatLine } from "./chat_line.ts";
import { Conversation } from "./conversation.ts";
import { Outbox } from "./outbox.ts";
import { type End, isFinal, reconnectDelay } from "./reconnect.ts";
import { AnswerError, EndedError, type RpcConnection, type RpcPeer } from "./rpc_socket.ts";
import type { Screen } from "./screen.ts";
import { sendFrom } from "./sender.ts";

/** How long a chat without a terminal tries to come back, in milliseconds. */
const LOST_MS_MAX = 60_000;

/** How long a connection has to last to count as a good one, in milliseconds. */
const GOOD_MS = 5000;

const welcomeSchema = z.object({
  user: z.string(),
  device: z.string(),
  pending: z.int(),
  heartbeat: z.number().positive(),
});

/** What a chat is made of. */
export interface ChatParts {
  readonly screen: Screen;
  readonly clock: Clock;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Connects. @throws {Error} the server cannot be reached. */
  readonly connect: (peer: RpcPeer) => Promise<RpcConnection>;
  /** A token that is valid now. */
  readonly token: () => Promise<string>;
  readonly device: string | undefined;
  /** Whom the first line goes to; empty where nobody was named. */
  readonly receiver: string;
  /** Makes the client ids of this chat unlike those of any other. */
  readonly cidPrefix: string;
}

/** One chat. */
export class Chat {
  readonly #parts: ChatParts;
  readonly #outbox: Outbox;
  readonly #conversation: Conversation;
  readonly #over = Promise.withResolvers<void>();
  #receiver: string;
  #inputEnded = false;
  #caughtUp = false;
  #refused = 0;
  #failures = 0;
  #lostAt: number;
  #socket: RpcConnection | null = null;
  /** When this connection was signed in; null where it is not. */
  #signedInAt: number | null = null;
  #wasConnected = false;
  #isLeaving = false;

  constructor(parts: ChatParts) {
    this.#parts = parts;
    this.#receiver = parts.receiver;
    this.#lostAt = parts.clock.monotonic();
    this.#outbox = new Outbox(parts.cidPrefix);
    this.#conversation = new Conversation({
      screen: parts.screen,
      clock: parts.clock,
      caughtUp: () => {
        this.#caughtUp = true;
        this.#check();
      },
      failed: () => this.#over.reject(new CommandError("Cannot write to standard output")),
    });
  }

  /**
   * Chats until the input ends or the server sends this client away.
   *
   * @returns the exit code
   * @throws {CommandError} the chat cannot go on.
   */
  async run(): Promise<number> {
    this.#parts.screen.prompt(this.#receiver);
    this.#readInput().catch((error) => this.#over.reject(error));
    try {
      await Promise.race([this.#stayConnected(), this.#over.promise]);
    } finally {
      this.#isLeaving = true;
      await this.#socket?.close();
    }
    return this.#refused > 0 && !this.#parts.screen.isInteractive ? EXIT.failed : EXIT.ok;
  }

  async #readInput(): Promise<void> {
    for await (const line of this.#parts.screen.lines()) {
      if (!this.#take(line)) break;
      while (this.#outbox.isFull) await this.#outbox.changed();
    }
    this.#inputEnded = true;
    const { size } = this.#outbox;
    if (size > 0 && this.#parts.screen.isInteractive) {
      this.#parts.screen.notice(`Waiting for ${size} acknowledgements, Ctrl-C gives up`);
    }
    this.#check();
  }

  /** Does what a line says. @returns whether there may be more */
  #take(line: string): boolean {
    const { screen } = this.#parts;
    const read = readChatLine(line);
    switch (read.kind) {
      case "text":
        this.#write(read.text);
        break;
      case "to":
        this.#writeTo(read.user);
        break;
      case "help":
        for (const help of CHAT_HELP) screen.notice(help);
        break;
      case "unknown":
        this.#refuse(`There is no ${read.command}: /help shows what there is`);
        break;
      case "quit":
        return false;
    }
    return true;
  }

  #write(text: string): void {
    if (this.#receiver === "") return this.#refuse("Say first whom to write to: /to USER");
    if (Buffer.byteLength(text) > MESSAGE_TEXT_BYTES_MAX) {
      return this.#refuse(`Not sent: longer than ${MESSAGE_TEXT_BYTES_MAX} bytes`);
    }
    this.#outbox.add(this.#receiver, text);
  }

  #writeTo(name: string): void {
    const user = parseUserId(name);
    if (user === undefined) return this.#refuse(`"${name}" cannot be a user id`);
    this.#receiver = user;
    this.#parts.screen.prompt(user);
  }

  /** A line cannot be followed. */
  #refuse(why: string): void {
    this.#refused++;
    this.#parts.screen.notice(printableLine(why));
  }

  /** Ends the chat when nothing is left to do. */
  #check(): void {
    if (!this.#inputEnded || this.#outbox.size > 0) return;
    if (this.#caughtUp || this.#parts.screen.isInteractive) this.#over.resolve();
  }

  /** Connects again and again. @throws {CommandError} there is no use in it */
  async #stayConnected(): Promise<void> {
    const { clock, random, screen } = this.#parts;
    for (;;) {
      const end = await this.#connectOnce();
      if (this.#isLeaving) return;
      if (isFinal(end)) throw new CommandError(`Server closed the connection: ${whyOf(end)}`);
      this.#countFailure();
      if (!screen.isInteractive && clock.monotonic() - this.#lostAt > LOST_MS_MAX) {
        const { size } = this.#outbox;
        throw new CommandError(`Gave up with ${count(size)} unacknowledged: ${whyOf(end)}`);
      }
      const ms = reconnectDelay(end, this.#failures, random());
      const wait = `connecting again in ${(ms / 1000).toFixed(1)} s`;
      screen.notice(printableLine(`Connection lost (${whyOf(end)}), ${wait}`));
      await this.#sleep(ms);
    }
  }

  /** A connection is over: notes how many in a row were none to speak of. */
  #countFailure(): void {
    const now = this.#parts.clock.monotonic();
    const isGood = this.#signedInAt !== null && now - this.#signedInAt > GOOD_MS;
    this.#failures = isGood ? 1 : this.#failures + 1;
    if (this.#signedInAt !== null) this.#lostAt = now;
    this.#signedInAt = null;
  }

  /** One connection, from its beginning to its end. */
  async #connectOnce(): Promise<End> {
    let socket: RpcConnection;
    try {
      socket = this.#socket = await this.#parts.connect(this.#conversation);
    } catch (error) {
      const why = error instanceof Error ? error.message : "unknown";
      if (this.#wasConnected) return { code: 1006, reason: why };
      throw new CommandError(`Cannot connect: ${why}. Is the server running?`);
    }
    try {
      await this.#signIn(socket);
      await this.#send(socket);
    } catch (error) {
      if (!(error instanceof EndedError)) throw error;
    }
    return await socket.ended;
  }

  async #signIn(socket: RpcConnection): Promise<void> {
    const { token, device } = this.#parts;
    const params = { token: await token(), receipts: true, ...(device && { device }) };
    const answer = await this.#callPatiently(socket, "auth.jwt", params);
    const { user, device: name, pending, heartbeat } = welcomeSchema.parse(answer);
    socket.probeAfter(heartbeat * 1000);
    if (!this.#wasConnected || pending > 0) {
      const waiting = `${count(pending)} ${pending === 1 ? "waits" : "wait"}`;
      const signedIn = `Signed in as ${user} on device ${name}: ${waiting}`;
      this.#parts.screen.notice(printableLine(signedIn));
    }
    this.#conversation.enter(user);
    this.#signedInAt = this.#parts.clock.monotonic();
    this.#wasConnected = true;
  }

  /** Calls a method again where the server says that this can help. */
  async #callPatiently(socket: RpcConnection, method: string, params: object): Promise<unknown> {
    for (;;) {
      try {
        return await socket.call(method, params);
      } catch (error) {
        if (!(error instanceof AnswerError)) throw error;
        if (!error.retryable) throw new CommandError(`Server refused: ${error.message}`);
        await Promise.race([this.#sleep(error.retryAfter * 1000), socket.ended]);
      }
    }
  }

  async #send(socket: RpcConnection): Promise<void> {
    await sendFrom({
      outbox: this.#outbox,
      socket,
      sleep: (ms) => this.#sleep(ms),
      accepted: (message, id) => {
        this.#conversation.accepted(message, id);
        this.#check();
      },
      refused: (message, why) => {
        this.#refused++;
        this.#conversation.refused(message, why);
        this.#check();
      },
    });
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.after(ms, resolve));
  }
}

function count(messages: number): string {
  return messages === 1 ? "1 message" : `${messages} messages`;
}

/** Why a connection ended, in words. */
function whyOf({ code, reason }: End): string {
  return reason === "" ? `code ${code}` : reason;
}
