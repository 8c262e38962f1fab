/**
 * One `POST /rpc`, as its requests see it.
 *
 * @module
 */
import {
  type Caller,
  type CredentialMark,
  type Identity,
  type IssuerSignIn,
  RpcError,
  type Session,
  type SignInOptions,
  type Welcome,
} from "../rpc/mod.ts";
import type { Credential } from "./auth/mod.ts";
import type { Gateway } from "./gateway.ts";
import { deliveryOptions, welcome } from "./welcome.ts";

/** One `POST /rpc`: it can ask, and cannot be told anything later. */
export class HttpSession implements Session, Caller {
  readonly #gateway: Gateway;
  readonly address: string;
  readonly #left: AbortSignal;
  readonly duplex = false;
  readonly receipts = false;
  fresh = true;
  identity: Identity | undefined;
  credential: CredentialMark | undefined;

  /** @param left aborted when the client has left */
  constructor(gateway: Gateway, address: string, left: AbortSignal) {
    this.#gateway = gateway;
    this.address = address;
    this.#left = left;
  }

  get isGone(): boolean {
    return this.#left.aborted;
  }

  get session(): Session {
    return this;
  }

  async signIn(token: string, options: SignInOptions): Promise<Welcome> {
    const credential = await this.#gateway.reception.verify(token, this.address);
    return await this.#enter(credential, options);
  }

  async signInWith(issuer: string, token: string, options: SignInOptions): Promise<IssuerSignIn> {
    const { reception } = this.#gateway;
    const arrival = await reception.receive(issuer, token, this, options);
    const welcome = await this.#enter(arrival.credential, options).finally(arrival.settled);
    return { user: arrival.user, tokens: arrival.tokens, welcome };
  }

  async #enter(credential: Credential, options: SignInOptions): Promise<Welcome> {
    const { reception, mailboxes } = this.#gateway;
    const { user } = credential;
    const identity = { user, device: reception.deviceOf(credential, options) };
    if (this.identity !== undefined && this.identity.user !== user) {
      throw new RpcError("forbidden");
    }
    await reception.welcomeUser(credential);
    await reception.noteSeen(credential, identity.device);
    this.identity = identity;
    this.credential = credential.mark;
    const pending = options.rich ? (await mailboxes.inspect(user))?.messages ?? 0 : 0;
    const { window } = deliveryOptions(options);
    return welcome(identity, { pending, window, epoch: this.#gateway.epoch });
  }

  takeSend(messages: number): void {
    this.#gateway.takeSend(this.identity?.user ?? "", messages);
  }

  onResponse(): void {
    // Nothing was ever asked here, so nothing can be answered.
  }
}
