/**
 * What follows from what became of a push.
 *
 * @module
 */
import type { PushOutcome } from "../../push/mod.ts";
import {
  type Devices,
  isSamePush,
  type Outbox,
  type PushAddress,
  type Waiting,
} from "../../store/mod.ts";
import type { Clock, RandomBytes } from "../clock.ts";
import type { Log } from "../log.ts";
import { TokenBuckets } from "../token_bucket.ts";
import { backoffMs, type BackoffRange, jitteredMs } from "./backoff.ts";
import type { Circuits } from "./circuits.ts";
import { forgetAddress } from "./forget_address.ts";
import type { Hold, Intent, ProviderName } from "./intent.ts";
import type { PushCounts } from "./push_figures.ts";

/** What is to be done with an intent next. */
export type Next =
  /** Nothing. */
  | { readonly kind: "done" }
  /** The same at once once more. */
  | { readonly kind: "again" }
  /** The same after a time. */
  | { readonly kind: "later"; readonly ms: number; readonly hold: Exclude<Hold, "left"> }
  /** It waits for its service, which calls it. */
  | { readonly kind: "parked" }
  /** Another provider reaches the device. */
  | { readonly kind: "elsewhere"; readonly provider: ProviderName };

/** A push that was sent. */
export interface SentPush {
  readonly intent: Intent;
  /** What it spoke for. */
  readonly waiting: Waiting;
  /** Where it was sent. */
  readonly address: PushAddress;
  /** The service that it was given to. */
  readonly service: string;
}

/** What {@linkcode Outcomes} are made of. */
export interface OutcomesParts {
  readonly outbox: Pick<Outbox, "spoke">;
  readonly devices: Pick<Devices, "get" | "change">;
  /** The circuits of a provider that there is. */
  readonly circuitsOf: (provider: ProviderName) => Circuits<Intent>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly counts: PushCounts;
  /** The waits of one push that failed. */
  readonly retryMs: BackoffRange;
}

/** A service that asks for a longer time is asked again nevertheless, in milliseconds. */
const AFTER_MS_MAX = 24 * 3600 * 1000;

/** Refused pushes that are logged: so many at once and then one a second of each provider. */
const REFUSALS_LOGGED = 20;

/** Judges outcomes. */
export class Outcomes {
  readonly #parts: OutcomesParts;
  readonly #refusals: TokenBuckets;

  /** Takes what it changes. */
  constructor(parts: OutcomesParts) {
    this.#parts = parts;
    this.#refusals = new TokenBuckets({
      rate: 1,
      burst: REFUSALS_LOGGED,
      entries: REFUSALS_LOGGED,
      monotonic: () => parts.clock.monotonic(),
    });
  }

  /** Notes what became of a push, and says what is to be done next. */
  async judge(sent: SentPush, outcome: PushOutcome): Promise<Next> {
    const { counts } = this.#parts;
    switch (outcome.kind) {
      case "accepted":
        counts.accepted++;
        return await this.#spoke(sent);
      case "unregistered":
        counts.unregistered++;
        return await this.#forget(sent, outcome.since);
      case "rejected":
        counts.rejected++;
        this.#tellRefusal(sent, outcome.reason);
        return await this.#spoke(sent);
      case "retry":
        counts.retried++;
        if (outcome.deviceOnly) {
          this.#answered(sent);
          this.#tellRefusal(sent, outcome.reason);
        } else this.#failed(sent, { ...outcome, forAll: false });
        return this.backOff(sent.intent, outcome.afterMs);
      case "misconfigured":
        counts.misconfigured++;
        this.#failed(sent, { ...outcome, forAll: true });
        return this.backOff(sent.intent);
    }
  }

  /** The next try of what failed: later by chance, and later with each failure. */
  backOff(intent: Intent, afterMs = 0): Next {
    const { random, retryMs } = this.#parts;
    intent.failures++;
    const ms = jitteredMs(backoffMs(intent.failures, retryMs), random);
    return { kind: "later", ms: Math.max(ms, Math.min(afterMs, AFTER_MS_MAX)), hold: "failure" };
  }

  /** Notes a push that went and is not noted yet, as the store would not have it. */
  async note(intent: Intent): Promise<void> {
    if (intent.unnoted === null) return;
    await this.#parts.outbox.spoke(intent.user, intent.device, intent.unnoted);
    intent.unnoted = null;
  }

  async #spoke(sent: SentPush): Promise<Next> {
    this.#answered(sent);
    // To another address nothing was said.
    if (!await this.#isStillAt(sent)) return { kind: "done" };
    sent.intent.unnoted = { upTo: sent.waiting.upTo, at: this.#parts.clock.now() };
    await this.note(sent.intent);
    return { kind: "done" };
  }

  /**
   * Whether a device still has the address that a push went to. It is read only where it may be
   * another one: so we were told, or the device has connected, and then nobody tells.
   */
  async #isStillAt({ intent, address }: SentPush): Promise<boolean> {
    const { user, device, isCancelled, isSilent } = intent;
    const wasMoved = intent.takeMove();
    if (!wasMoved && !isCancelled && !isSilent) return true;
    const known = await this.#parts.devices.get(user, device);
    const isSame = isSamePush(known?.push, address);
    if (wasMoved && !isSame) intent.again = "address";
    return isSame && intent.again !== "address";
  }

  async #forget(sent: SentPush, since: number | undefined): Promise<Next> {
    const { devices, log } = this.#parts;
    const { intent: { user, device }, address } = sent;
    this.#answered(sent);
    switch (await forgetAddress(devices, { user, device, address, since })) {
      case "forgotten":
        log.event("push address dropped", { user, device, provider: address.provider });
        return { kind: "done" };
      case "replaced":
        return { kind: "again" };
      case "renewed":
        // What comes next tries it again; for what waits now the service has said no.
        return await this.#spoke(sent);
    }
  }

  /** The service works, whatever it said. */
  #answered({ address, service }: SentPush): void {
    const { circuitsOf, log } = this.#parts;
    const wasOpen = circuitsOf(address.provider).of(service)?.succeeded() ?? false;
    if (wasOpen) log.event("push service answers", fieldsOf(address, service));
  }

  #failed(
    { intent, address, service }: SentPush,
    { reason, ...failure }: { reason: string; forAll: boolean; afterMs?: number },
  ): void {
    const { circuitsOf, log } = this.#parts;
    const opened = circuitsOf(address.provider).of(service)?.failed(intent, failure) ?? false;
    if (!opened) return;
    const fields = { ...fieldsOf(address, service), reason };
    if (failure.forAll) log.error("push credentials refused", new Error("Cannot push"), fields);
    else log.warn("push service failing", fields);
  }

  #tellRefusal({ intent: { user, device }, address: { provider } }: SentPush, reason: string) {
    if (this.#refusals.take(provider, 1) > 0) return;
    this.#parts.log.warn("push refused", { user, device, provider, reason });
  }
}

/** Which service it is; never the rest of an endpoint, which is the device's secret. */
function fieldsOf({ provider }: PushAddress, service: string) {
  return { provider, url: service === provider ? undefined : service };
}
