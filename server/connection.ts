/**
 * One client's connection: its frames in and out, its sign-in, its deadlines.
 *
 * @module
 */
import {
  ACK_MS_MAX,
  OUTGOING_BYTES_MAX,
  PONG_MS_MAX,
  REQUESTS_BYTES_MAX,
  REQUESTS_MAX,
  SIGN_IN_MS_MAX,
} from "../limits.ts";
import {
  type Caller,
  type Identity,
  pingFrame,
  type Reply,
  type RequestId,
  RpcError,
  type Session,
  type SignInOptions,
  type Welcome,
} from "../rpc/mod.ts";
import type { Committed, Entry } from "../store/mod.ts";
import { CLOSE, closeAfter, closeAfterUpgrade, type CloseCode } from "./close_code.ts";
import type { Lease } from "./connection_counts.ts";
import { Delivery, type DeliveryHost } from "./delivery.ts";
import type { Member } from "./hub.ts";
import type { Credential, Gateway, Ticking } from "./gateway.ts";
import type { Transport, TransportHandler } from "./transport.ts";
import { deliveryOptions, welcome } from "./welcome.ts";

/** Characters, of up to three bytes: asking the transport costs as much as the rest of a send. */
const UNWATCHED_CHARS_MAX = 16 * 1024;

/**
 * One client's connection. It plays every part that others see of it, rather than have an object
 * for each: thousands of connections are idle.
 */
export class Connection
  implements TransportHandler, Session, Caller, Member, DeliveryHost, Ticking {
  readonly #gateway: Gateway;
  readonly #transport: Transport;
  readonly #lease: Lease;
  readonly #openedAt: number;
  readonly duplex = true;
  fresh = true;
  #identity: Identity | undefined;
  #welcome: Welcome | undefined;
  #delivery: Delivery | null = null;
  #isStarted = false;
  /** Frames that wait for the one before, while nobody has signed in; null in between. */
  #waiting: string[] | null = null;
  #requests = 0;
  #requestsBytes = 0;
  #closeAfterAnswer: CloseCode | null = null;
  #pingedAt: number | null = null;
  #heardSincePing = false;
  #closed = false;
  /** What can be sent before the transport has to be asked again how much waits there. */
  #room = 0;

  constructor(gateway: Gateway, transport: Transport, lease: Lease) {
    this.#gateway = gateway;
    this.#transport = transport;
    this.#lease = lease;
    this.#openedAt = gateway.clock.monotonic();
  }

  get session(): Session {
    return this;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  get user(): string {
    return this.#identity?.user ?? "";
  }

  get device(): string {
    return this.#identity?.device ?? "";
  }

  get receipts(): boolean {
    return this.#delivery?.receipts ?? false;
  }

  /** Speaks for whoever the upgrade request named. Frames wait until that is done. */
  adopt(credential: Credential, options: SignInOptions): void {
    const waiting: string[] = this.#waiting = [];
    this.#enter(credential, options).catch((error) => {
      if (this.#closed) return;
      this.#gateway.log.error("sign-in failed", error, { user: credential.user });
      this.close(closeAfterUpgrade(error));
    }).then(() => {
      this.#startDelivery();
      return this.#work(waiting);
    });
  }

  frame(text: string): void {
    if (this.#closed) return;
    this.#heardSincePing = true;
    this.#gateway.frames++;
    this.#requests++;
    this.#requestsBytes += text.length;
    if (this.#requests > REQUESTS_MAX || this.#requestsBytes > REQUESTS_BYTES_MAX) {
      return this.close(CLOSE.flood);
    }
    if (this.#waiting !== null) this.#waiting.push(text);
    else if (this.#identity === undefined) this.#work(this.#waiting = [text]);
    else this.#answer(text);
  }

  refused(why: "binary" | "too_long"): void {
    this.close(why === "binary" ? CLOSE.notText : CLOSE.frameTooLong);
  }

  closed(): void {
    this.#end();
  }

  onResponse(id: RequestId, reply: Reply): void {
    if (typeof id === "string") this.#delivery?.answered(id, reply);
  }

  async signIn(token: string, options: SignInOptions): Promise<Welcome> {
    try {
      const credential = await this.#gateway.verify(token, this.#transport.address);
      return await this.#enter(credential, options);
    } catch (error) {
      if (error instanceof RpcError) this.#closeAfterAnswer = closeAfter(error);
      throw error;
    }
  }

  takeSend(messages: number): void {
    this.#gateway.takeSend(this.user, messages);
  }

  committed(news: Committed): void {
    this.#delivery?.committed(news);
  }

  /** Sends a frame; a peer that does not take what it was sent is closed instead. */
  send(frame: string): void {
    if (this.#closed) return;
    this.#room -= frame.length;
    if (this.#room < 0) {
      const room = OUTGOING_BYTES_MAX - this.#transport.bufferedBytes - frame.length;
      this.#room = Math.min(room, UNWATCHED_CHARS_MAX);
    }
    if (this.#room < 0) return this.close(CLOSE.slow);
    this.#transport.send(frame);
  }

  get mailboxes(): DeliveryHost["mailboxes"] {
    return this.#gateway.mailboxes;
  }

  now(): number {
    return this.#gateway.clock.now();
  }

  monotonic(): number {
    return this.#gateway.clock.monotonic();
  }

  delivered(entry: Entry): void {
    this.#gateway.tellSender(entry, "delivered").catch((error) => {
      this.#gateway.log.error("receipt lost", error, { message_id: entry.id });
    });
  }

  setAside({ id }: Entry): void {
    this.#gateway.log.warn("message set aside", { ...this.#identity, message_id: id });
  }

  failed(error: unknown): void {
    this.#gateway.log.error("delivery failed", error, { ...this.#identity });
    this.close(CLOSE.unavailable);
  }

  replaced(): void {
    this.close(CLOSE.replaced);
  }

  removed(): void {
    this.close(CLOSE.removed);
  }

  /** Ends the connection and says why. */
  close({ code, reason }: CloseCode): void {
    if (this.#closed) return;
    this.#end();
    this.#transport.close(code, reason);
  }

  /** Looks at the deadlines for signing in and for acknowledging. */
  tick(now: number): void {
    const delivery = this.#delivery;
    if (delivery === null) {
      if (now - this.#openedAt >= SIGN_IN_MS_MAX) this.close(CLOSE.signInLate);
      return;
    }
    delivery.tick();
    const since = delivery.waitingSince;
    if (since === null || now - since < ACK_MS_MAX) this.#pingedAt = null;
    else if (this.#pingedAt === null) {
      this.#pingedAt = now;
      this.#heardSincePing = false;
      this.send(pingFrame("ping"));
    } else if (now - this.#pingedAt >= PONG_MS_MAX) {
      this.close(this.#heardSincePing ? CLOSE.ackLate : CLOSE.noPong);
    }
  }

  /** Works on frames one at a time, until somebody has signed in. */
  async #work(frames: string[]): Promise<void> {
    for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) {
      if (this.#identity === undefined) await this.#answer(frame);
      else this.#answer(frame);
      if (this.#closed) return;
    }
    this.#waiting = null;
  }

  #answer(text: string): void | Promise<void> {
    // What waits for the disk keeps hold of the length alone, and not of the text.
    const { length } = text;
    const answer = this.#gateway.router.handle(text, this);
    if (!(answer instanceof Promise)) return this.#answered(answer, length);
    return answer.then((frame) => this.#answered(frame, length));
  }

  #answered(frame: string | undefined, bytes: number): void {
    this.#requests--;
    this.#requestsBytes -= bytes;
    if (frame !== undefined) this.send(frame);
    if (this.#closeAfterAnswer !== null) return this.close(this.#closeAfterAnswer);
    // Not before the client has read that it is signed in.
    this.#startDelivery();
  }

  #startDelivery(): void {
    if (this.#isStarted || this.#delivery === null || this.#closed) return;
    this.#isStarted = true;
    this.#delivery.start();
  }

  async #enter(credential: Credential, options: SignInOptions): Promise<Welcome> {
    if (this.#welcome !== undefined) return this.#enterAgain(credential, options, this.#welcome);
    const identity = { user: credential.user, device: this.#gateway.deviceOf(credential, options) };
    return await this.#gateway.alone(identity, () => this.#enterAlone(identity, options));
  }

  async #enterAlone(identity: Identity, options: SignInOptions): Promise<Welcome> {
    if (this.#closed) throw new RpcError("unavailable");
    const admitted = await this.#gateway.admit(identity, options);
    if (this.#closed) {
      this.#gateway.release(identity, { sent: admitted.attachment.sent, attempts: null });
      throw new RpcError("unavailable");
    }
    const chosen = deliveryOptions(options);
    this.#identity = identity;
    // An older connection of the device ends here, and leaves what it knows of its deliveries.
    this.#gateway.hub.add(this);
    const attempts = this.#gateway.hub.takeAttempts(identity.user, identity.device);
    this.#delivery = new Delivery(this, identity, admitted.attachment, attempts, chosen);
    this.#welcome = welcome(identity, admitted.attachment.pending, chosen.window);
    this.#lease.signedIn();
    return this.#welcome;
  }

  /** The client signs in once more: it may choose anew, but stays who it is. */
  #enterAgain(credential: Credential, options: SignInOptions, earlier: Welcome): Welcome {
    const device = options.device ?? credential.device ?? earlier.device;
    if (credential.user !== earlier.user || device !== earlier.device) {
      throw new RpcError("forbidden");
    }
    const chosen = deliveryOptions(options);
    this.#delivery?.configure(chosen);
    this.#isStarted = false;
    return this.#welcome = { ...earlier, window: chosen.window };
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#waiting?.splice(0);
    if (this.#identity !== undefined && this.#delivery !== null) {
      this.#gateway.hub.remove(this);
      this.#gateway.release(this.#identity, this.#delivery.stop());
    }
    this.#gateway.ended(this);
  }
}
