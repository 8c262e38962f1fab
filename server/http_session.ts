/**
 * One `POST /rpc`, as its requests see it.
 *
 * @module
 */
import {
  type Caller,
  type Identity,
  RpcError,
  type Session,
  type SignInOptions,
  type Welcome,
} from "../rpc/mod.ts";
import type { Credential, Gateway } from "./gateway.ts";
import { deliveryOptions, welcome } from "./welcome.ts";

/** One `POST /rpc`: it can ask, and cannot be told anything later. */
export class HttpSession implements Session, Caller {
  readonly #gateway: Gateway;
  readonly #address: string;
  readonly duplex = false;
  readonly receipts = false;
  fresh = true;
  #identity: Identity | undefined;

  constructor(gateway: Gateway, address: string) {
    this.#gateway = gateway;
    this.#address = address;
  }

  get session(): Session {
    return this;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  async signIn(token: string, options: SignInOptions): Promise<Welcome> {
    const gateway = this.#gateway;
    const credential: Credential = await gateway.verify(token, this.#address);
    const { user } = credential;
    const identity = { user, device: gateway.deviceOf(credential, options) };
    if (this.#identity !== undefined && this.#identity.user !== user) {
      throw new RpcError("forbidden");
    }
    await gateway.welcomeUser(user);
    this.#identity = identity;
    const pending = options.rich ? (await gateway.mailboxes.inspect(user))?.messages ?? 0 : 0;
    return welcome(identity, pending, deliveryOptions(options).window);
  }

  takeSend(messages: number): void {
    this.#gateway.takeSend(this.#identity?.user ?? "", messages);
  }

  onResponse(): void {
    // Nothing was ever asked here, so nothing can be answered.
  }
}
