/**
 * A published set of keys and somebody who verifies tokens with it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { jwtVerify } from "jose";
import { BadCredentialError, type BadCredentialReason } from "../../server/auth/mod.ts";
import { FakeClock } from "../../server/fake_clock.ts";
import type { LogFields } from "../../server/log.ts";
import { createRemoteKeys, IssuerUnavailableError } from "../../server/oidc/mod.ts";
import { eventually } from "./eventually.ts";
import { LocalIssuer, type LocalIssuerOptions } from "./local_issuer.ts";

/** A published set of keys, somebody who uses it, and a clock between them. */
export class KeyScene implements AsyncDisposable {
  readonly clock = new FakeClock();
  /** What the operator was told. */
  readonly warnings: LogFields[] = [];
  /** Who publishes the keys. */
  readonly issuer: LocalIssuer;
  readonly #keys: ReturnType<typeof createRemoteKeys>;

  /** Publishes; nobody has asked for the keys yet. */
  constructor(options: LocalIssuerOptions = {}) {
    const now = () => this.clock.now();
    this.issuer = LocalIssuer.start({ algorithms: ["ES256"], now, ...options });
    this.#keys = createRemoteKeys({
      url: this.issuer.keysUrl,
      fetch,
      clock: this.clock,
      log: { warn: (_name, fields = {}) => void this.warnings.push(fields) },
    });
  }

  /** How often the keys were asked for. */
  get hits(): number {
    return this.issuer.hits.keys;
  }

  /** Verifies a token, by default a good one of now. */
  async verify(token = this.issuer.token({})): Promise<void> {
    await jwtVerify(token, this.#keys, { currentDate: new Date(this.clock.now()) });
  }

  /** A token of somebody who makes names of keys up. */
  stranger(kid = "made up"): string {
    return this.issuer.token({}, { kid });
  }

  /** Expects a token to be refused for one reason. */
  async refused(token: string, reason: BadCredentialReason): Promise<void> {
    const error = await this.verify(token).then(() => assert.fail("verified"), (error) => error);
    assert.ok(error instanceof BadCredentialError, String(error));
    assert.equal(error.reason, reason);
  }

  /** Expects nothing to be said of a token. */
  async unavailable(token?: string): Promise<IssuerUnavailableError> {
    const error = await this.verify(token).then(() => assert.fail("verified"), (error) => error);
    assert.ok(error instanceof IssuerUnavailableError, String(error));
    return error;
  }

  /** Waits until nothing is fetched any more: each request has a timer. */
  async quiet(): Promise<void> {
    await eventually(
      () => Promise.resolve(assert.equal(this.clock.timers, 0)),
      "the end of all requests",
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.issuer[Symbol.asyncDispose]();
    await this.quiet();
  }
}
