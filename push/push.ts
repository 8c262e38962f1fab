/**
 * The port behind which push services stand: how a sleeping device is woken. What becomes of a push
 * is a value, since most of what goes wrong with one is no fault; `provider_contract.ts` is the
 * suite that every provider passes.
 *
 * @module
 */

/** Where a push service reaches a device. */
export interface PushTarget {
  /** What the service knows the device by; for Web Push the endpoint of the subscription (a URL). */
  readonly token: string;
  /** The keys of a Web Push subscription (RFC 8291 §2), base64url. */
  readonly keys?: { readonly p256dh: string; readonly auth: string };
  /** What APNs calls the application, where it is not the configured one. */
  readonly topic?: string;
}

/** What the device is told. How much of it there is, is the deployment's choice. */
export interface PushContent {
  /** Messages that wait for the device. */
  readonly badge: number;
  /** Whether the device has to fetch over its connection: there is more than is told here. */
  readonly fetch: boolean;
  /** Who wrote the newest message. */
  readonly sender?: string;
  /** What they wrote; left out where the whole would pass the service's limit. */
  readonly text?: string;
  /** What the device answers with `push.received`, so that it is known that the push was seen. */
  readonly nonce?: string;
}

/** One push: it speaks for everything that waits for its device. */
export interface Push {
  /** Where to. */
  readonly target: PushTarget;
  /** What with. */
  readonly content: PushContent;
  /** Whether it may wake the device at once; else the service waits for a good moment. */
  readonly urgent: boolean;
  /** A later push of the same takes the place of this one where it was not shown yet; 1 to 32 characters of base64url. */
  readonly collapse: string;
  /** When it stops being of use, in milliseconds since 1970. */
  readonly expires: number;
}

/** What became of a push. */
export type PushOutcome =
  /** The service took it. */
  | { readonly kind: "accepted"; readonly id?: string }
  /**
   * The device is no longer there. The token may be forgotten if it is still the one that was sent
   * and was registered before `since` (milliseconds since 1970), where the service says it.
   */
  | { readonly kind: "unregistered"; readonly since?: number }
  /** The service will never take this push: a token that is none, a wrong topic, too large. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** Not now: after so many milliseconds, where the service says it. */
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  /**
   * The service does not take the deployment's credentials: no push of this provider will go until
   * they change. Web Push never answers so: there a client names the service, and one of its own
   * could stop the pushes of all; what a service refuses there is to be tried again.
   */
  | { readonly kind: "misconfigured"; readonly reason: string };

/** Whether a service takes the deployment's credentials. */
export type PushCheck =
  /** It does: it has just taken them, and found fault with nothing but a device that is none. */
  | { readonly kind: "accepted" }
  /** Nobody was asked, for this reason; what can be seen without asking is well. */
  | { readonly kind: "unasked"; readonly reason: string }
  /** It was asked and gave no answer that would tell. */
  | { readonly kind: "retry"; readonly reason: string }
  /** It does not take them, or they are no good; as in {@linkcode PushOutcome}. */
  | { readonly kind: "misconfigured"; readonly reason: string };

/**
 * One push service. To dispose a provider cuts what is on the way, which is answered `retry`, and so
 * is every later push: whoever wants no push twice waits for the outcomes first.
 */
export interface PushProvider extends AsyncDisposable {
  /** As in a device's push address. */
  readonly name: "fcm" | "apns" | "web" | "log";
  /**
   * Sends one push. Never rejects: whatever happens is an outcome, and its reason holds neither the
   * token nor the content (I8). It answers within 10 seconds.
   */
  send(push: Push): Promise<PushOutcome>;
  /**
   * Shows the service the credentials, with a push to a device that there is not. No device hears of
   * it. Never rejects, answers within 10 seconds, and its reasons are as those of an outcome.
   */
  check(): Promise<PushCheck>;
}

/** The largest payload that a service takes, encoded, in bytes (FCM, APNs and RFC 8030 §7.2 alike). */
export const PAYLOAD_BYTES_MAX = 4096;
