/**
 * What a provider gives the contract suite so that it can be tested: a local service that speaks
 * its documented protocol, and a provider that talks to it.
 *
 * @module
 */
import type { PushContent, PushProvider, PushTarget } from "../push.ts";
import type { PushClock, PushRandom } from "../push_world.ts";

/** What the service does with a push, each time as its documentation has it. */
export type Situation =
  /** It takes the push. */
  | { readonly kind: "accepted" }
  /** The device is gone, since a time (milliseconds since 1970) where the service tells it. */
  | { readonly kind: "unregistered"; readonly since: number }
  /** The token is none. */
  | { readonly kind: "bad_token" }
  /** The token is of another application. */
  | { readonly kind: "wrong_topic" }
  /** The service finds the push too large. */
  | { readonly kind: "too_large" }
  /** Too many pushes; what to put into `Retry-After`: seconds, or an HTTP date. */
  | { readonly kind: "rate_limited"; readonly retryAfter?: string }
  /** The service has a fault. */
  | {
    readonly kind: "server_error";
    readonly status: 500 | 503;
    readonly retryAfter?: string;
  }
  /**
   * What the provider shows of its credentials is too old. `renewed`: only what it has shown up to
   * now, so that what it signs or fetches anew is taken; `never`: whatever it shows.
   */
  | { readonly kind: "expired_credentials"; readonly until: "renewed" | "never" }
  /** It does not take the provider's credentials at all. */
  | { readonly kind: "refused_credentials" }
  /**
   * A status 400 with a long body that is not as documented: it repeats the whole request, path and
   * credentials too, so that what is taken from it into a reason gives away what it must not.
   */
  | { readonly kind: "gibberish" }
  /** It reads the push and keeps quiet until {@linkcode LocalService.release}. */
  | { readonly kind: "hang" }
  /** It reads the push and resets its connection (HTTP/2: its stream) without an answer. */
  | { readonly kind: "reset" }
  /** It reads the push and destroys the whole connection without an answer. */
  | { readonly kind: "killed" }
  /** It reads the push and answers GOAWAY, which leaves the push out (RFC 9113 §6.8). */
  | { readonly kind: "goaway" }
  /** The answer ends before it is whole: without a status, or in the middle of its body. */
  | { readonly kind: "truncated" };

/** A push as the service read it, by its protocol, decrypted. */
export interface SeenPush {
  /** Whom it is for; equal to the token of its target. */
  readonly token: string;
  /** What it tells the device. */
  readonly content: PushContent;
  /** What the service's limit is about, in bytes: {@linkcode PAYLOAD_BYTES_MAX}. */
  readonly payloadBytes: number;
  /** Whether it asks to wake the device at once. */
  readonly urgent: boolean;
  /** What it takes the place of. */
  readonly collapse: string;
  /**
   * When it stops being of use, in milliseconds since 1970, by the suite's clock. The time of now
   * where the service is told to deliver it at once or never.
   */
  readonly expires: number;
}

/** What the suite gives a local service. */
export interface ServiceOptions {
  /** Stands still but where a test moves it. Both the service and the provider live by it. */
  readonly clock: PushClock;
  /** Chance for the provider. */
  readonly random: PushRandom;
  /** To be called whenever something a test may wait for has changed: a push, a connection. */
  changed(): void;
}

/** A local service over TLS on a free port of 127.0.0.1; to dispose it cuts all connections. */
export interface LocalService extends AsyncDisposable {
  /** Says what it does with every push from now on. A new service has `accepted`. */
  answer(situation: Situation): void;
  /** Accepts all the pushes that it holds because of `hang`. */
  release(): void;
  /**
   * Every request for a push that it has read, in order, whatever became of it. Requests for
   * credentials are not among them.
   */
  readonly seen: readonly SeenPush[];
  /** The most pushes that it had read and not yet answered at one time. */
  readonly peak: number;
  /** Connections that are open to it, of all kinds. */
  readonly connections: number;
  /** What no reason may hold, besides the target and the content: keys and what was signed. */
  readonly secrets: readonly string[];
  /** Where one of many devices is reached; the same each time for the same number. */
  target(index: number): PushTarget;
  /**
   * Makes a provider that talks to it.
   *
   * @param trusted whether the provider trusts `TEST_CA`
   */
  connect(trusted: boolean): Promise<PushProvider>;
}

/** A provider under test. */
export interface ProviderHarness {
  /** What the provider calls itself. */
  readonly name: PushProvider["name"];
  /** Whether the service tells since when a device is gone. */
  readonly tellsSince: boolean;
  /** What a push becomes whose credentials the service refuses though they are fresh. */
  readonly refusal: "misconfigured" | "retry";
  /** Whether the service always says, by a word that is documented, why it takes no push. */
  readonly explains: boolean;
  /** Whether the provider has a service to show its credentials to. */
  readonly checks: boolean;
  /** How many pushes the provider has on the way at the most. */
  readonly inFlightMax: number;
  /**
   * Situations that its service does not know, and why. Of `rate_limited` and `server_error` none
   * may be left out.
   */
  readonly skip: ReadonlyMap<Situation["kind"], string>;
  /** Opens a local service. */
  open(options: ServiceOptions): Promise<LocalService>;
}
