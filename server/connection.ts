/**
 * One client's connection: its frames in and out, its sign-in, its deadlines.
 *
 * @module
 */
import { REQUESTS_BYTES_MAX, REQUESTS_MAX, SIGN_IN_MS_MAX } from "../limits.ts";
import {
  type Caller,
  type CredentialMark,
  type Identity,
  type IssuerSignIn,
  pingFrame,
  type Reply,
  type RequestId,
  RpcError,
  type Session,
  type SignInOptions,
  type Welcome,
} from "../rpc/mod.ts";
import type { Committed } from "../store/mod.ts";
import { AckWatch } from "./ack_watch.ts";
import type { Credential } from "./auth/mod.ts";
import { CLOSE, closeAfter, closeAfterUpgrade, type CloseCode } from "./close_code.ts";
import type { Lease } from "./connection_counts.ts";
import { Delivery, type DeliveryHost, type DeliveryWorld } from "./delivery.ts";
import type { Member } from "./hub.ts";
import type { Gateway, Ticking } from "./gateway.ts";
import { Outgoing } from "./outgoing.ts";
import type { Transport, TransportHandler } from "./transport.ts";
import { deliveryOptions, welcome } from "./welcome.ts";

/**
 * One client's connection. It plays every part that others see of it, rather than have an object
 * for each: thousands of connections are idle.
 */
export class Connection
  implements TransportHandler, Session, Caller, Member, DeliveryHost, Ticking {
  readonly #gateway: Gateway;
  readonly #transport: Transport;
  readonly #outgoing: Outgoing;
  readonly #lease: Lease;
  readonly #openedAt: number;
  readonly duplex = true;
  fresh = true;
  identity: Identity | undefined;
  credential: CredentialMark | undefined;
  #welcome: Welcome | undefined;
  #delivery: Delivery | null = null;
  #isStarted = false;
  /** Frames that wait for the one before, while nobody has signed in; null in between. */
  #waiting: string[] | null = null;
  #requests = 0;
  #requestsBytes = 0;
  #closeAfterAnswer: CloseCode | null = null;
  readonly #ackWatch = new AckWatch();
  isGone = false;

  constructor(gateway: Gateway, transport: Transport, lease: Lease) {
    this.#gateway = gateway;
    this.#transport = transport;
    this.#outgoing = new Outgoing(transport);
    this.#lease = lease;
    this.#openedAt = gateway.clock.monotonic();
  }

  get session(): Session {
    return this;
  }

  get address(): string {
    return this.#transport.address;
  }

  get user(): string {
    return this.identity?.user ?? "";
  }

  get device(): string {
    return this.identity?.device ?? "";
  }

  get receipts(): boolean {
    return this.#delivery?.receipts ?? false;
  }

  /** Speaks for whom the upgrade request named. Frames wait until that is done. */
  adopt(credential: Credential, options: SignInOptions): void {
    const waiting: string[] = this.#waiting = [];
    this.#enter(credential, options).catch((error) => {
      if (this.isGone) return;
      this.#gateway.upgradeFailed(credential.user, error);
      this.close(closeAfterUpgrade(error));
    }).then(() => {
      this.#startDelivery();
      return this.#work(waiting);
    });
  }

  frame(text: string): void {
    if (this.isGone) return;
    this.#ackWatch.heard();
    this.#gateway.frames++;
    this.#requests++;
    this.#requestsBytes += text.length;
    if (this.#requests > REQUESTS_MAX || this.#requestsBytes > REQUESTS_BYTES_MAX) {
      return this.close(CLOSE.flood);
    }
    if (this.#waiting !== null) this.#waiting.push(text);
    else if (this.identity === undefined) this.#work(this.#waiting = [text]);
    else this.#answer(text);
  }

  refused(why: "binary" | "too_long"): void {
    this.close(why === "binary" ? CLOSE.notText : CLOSE.frameTooLong);
  }

  closed(): void {
    this.#outgoing.ended();
    this.#end();
  }

  onResponse(id: RequestId, reply: Reply): void {
    if (typeof id === "string") this.#delivery?.answered(id, reply);
  }

  signIn(token: string, options: SignInOptions): Promise<Welcome> {
    const { reception } = this.#gateway;
    return this.#signIn(async () =>
      await this.#enter(await reception.verify(token, this.address), options)
    );
  }

  signInWith(issuer: string, token: string, options: SignInOptions): Promise<IssuerSignIn> {
    const { reception } = this.#gateway;
    return this.#signIn(async () => {
      const arrival = await reception.receive(issuer, token, this, options);
      const welcome = await this.#enter(arrival.credential, options).finally(arrival.settled);
      return { user: arrival.user, tokens: arrival.tokens, welcome };
    });
  }

  async #signIn<T>(enter: () => Promise<T>): Promise<T> {
    try {
      return await enter();
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
    if (!this.isGone && !this.#outgoing.send(frame)) this.close(CLOSE.slow);
  }

  get world(): DeliveryWorld {
    return this.#gateway;
  }

  failed(error: unknown): void {
    this.#gateway.log.error("delivery failed", error, { ...this.identity });
    this.close(CLOSE.unavailable);
  }

  replaced(): void {
    this.close(CLOSE.replaced);
  }

  removed(): void {
    this.leave(CLOSE.removed);
  }

  revoked(): void {
    this.leave(CLOSE.badCredential);
  }

  /** Ends the connection and says why. */
  close(code: CloseCode): void {
    if (this.isGone) return;
    this.#end(code);
    this.#outgoing.close(code);
  }

  /** Looks at the deadlines for signing in and for acknowledging. */
  tick(now: number): void {
    if (this.#delivery === null) {
      if (now - this.#openedAt >= SIGN_IN_MS_MAX) this.close(CLOSE.signInLate);
      return;
    }
    this.#delivery.tick();
    const due = this.#ackWatch.tick(now, this.#delivery.waitingSince);
    if (due === "wake") this.#gateway.hub.silent(this.user, this.device);
    else if (due === "ping") this.send(pingFrame("ping"));
    else if (due !== null) this.close(due);
  }

  /** Works on frames one at a time, until somebody has signed in. */
  async #work(frames: string[]): Promise<void> {
    for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) {
      if (this.identity === undefined) await this.#answer(frame);
      else this.#answer(frame);
      if (this.isGone) return;
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
    if (this.#outgoing.answered(frame, this.#requests === 0)) return;
    if (frame !== undefined) this.send(frame);
    if (this.#closeAfterAnswer !== null) return this.close(this.#closeAfterAnswer);
    // Not before the client has read that it is signed in.
    this.#startDelivery();
  }

  #startDelivery(): void {
    if (this.#isStarted || this.#delivery === null || this.isGone) return;
    this.#isStarted = true;
    this.#delivery.start();
  }

  async #enter(credential: Credential, options: SignInOptions): Promise<Welcome> {
    if (this.#welcome !== undefined) return this.#enterAgain(credential, options, this.#welcome);
    const device = this.#gateway.reception.deviceOf(credential, options);
    const enter = () => this.#enterAlone(credential, device, options);
    return await this.#gateway.hub.alone({ user: credential.user, device }, enter);
  }

  async #enterAlone(credential: Credential, device: string, options: SignInOptions) {
    if (this.isGone) throw new RpcError("unavailable");
    const identity = { user: credential.user, device };
    const attachment = await this.#gateway.reception.admit(credential, device, options);
    if (this.isGone || this.#gateway.hub.hasRevoked(identity.user, credential.mark)) {
      this.#gateway.release(identity, { sent: attachment.sent, attempts: null });
      this.#gateway.reception.assertNotRevoked(credential);
      throw new RpcError("unavailable");
    }
    const chosen = deliveryOptions(options);
    this.identity = identity;
    this.credential = credential.mark;
    // An older connection of the device ends here, and leaves what it knows of its deliveries.
    this.#gateway.hub.add(this);
    const attempts = this.#gateway.hub.takeAttempts(identity.user, identity.device);
    this.#delivery = new Delivery(this, identity, attachment, attempts, chosen);
    this.#welcome = welcome(identity, { ...attachment, ...chosen, epoch: this.#gateway.epoch });
    this.#lease.signedIn();
    return this.#welcome;
  }

  /** The client signs in once more: it may choose anew, but stays who it is. */
  #enterAgain(credential: Credential, options: SignInOptions, earlier: Welcome): Welcome {
    this.#gateway.reception.assertNotRevoked(credential);
    const device = options.device ?? credential.device ?? earlier.device;
    if (credential.user !== earlier.user || device !== earlier.device) {
      throw new RpcError("forbidden");
    }
    // From now on it lives and ends with the newer token.
    this.credential = credential.mark;
    const chosen = deliveryOptions(options);
    this.#delivery?.configure(chosen);
    this.#isStarted = false;
    return this.#welcome = { ...earlier, window: chosen.window };
  }

  /** Ends for everybody but the client, who first reads the answers that are being made. */
  leave(code: CloseCode): void {
    if (this.isGone) return;
    if (this.#requests === 0) return this.close(code);
    this.#end(code);
    this.#outgoing.closeAfterAnswers(code, this.#gateway.clock);
  }

  #end(code?: CloseCode): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#waiting?.splice(0);
    if (this.identity !== undefined && this.#delivery !== null) {
      this.#gateway.hub.remove(this);
      this.#gateway.release(this.identity, this.#delivery.stop());
    }
    this.#gateway.ended(this, code);
  }
}
