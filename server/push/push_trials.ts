/**
 * Sending one real push and waiting until the device says that it saw it, for whoever wants to know
 * where pushes stop.
 *
 * @module
 */
import type { PushOutcome, PushProvider } from "../../push/mod.ts";
import type { Devices, Outbox, PushAddress } from "../../store/mod.ts";
import type { Clock } from "../clock.ts";
import { intentKey, type ProviderName } from "./intent.ts";
import type { Nonces } from "./nonces.ts";
import type { PushCounts } from "./push_figures.ts";

/** How far a trial came. Where a step is not `ok` it is the last. */
export type PushTrialStep =
  /** The user has such a device. */
  | { readonly step: "device"; readonly ok: boolean }
  /** It has a push address, registered then (milliseconds since 1970). */
  | {
    readonly step: "address";
    readonly ok: boolean;
    readonly provider?: ProviderName;
    readonly registered?: number;
  }
  /** The deployment has that provider; `log` stands for one without credentials. */
  | { readonly step: "provider"; readonly ok: boolean; readonly name?: PushProvider["name"] }
  /** The service took the push. */
  | { readonly step: "outcome"; readonly ok: boolean; readonly outcome: PushOutcome }
  /** The device answered with `push.received`, after so many milliseconds. */
  | { readonly step: "answer"; readonly ok: boolean; readonly ms: number };

/** What {@linkcode PushTrials} are made of. */
export interface PushTrialsParts {
  readonly outbox: Pick<Outbox, "look">;
  readonly devices: Pick<Devices, "get">;
  readonly providers: ReadonlyMap<ProviderName, PushProvider>;
  readonly nonces: Nonces;
  readonly clock: Clock;
  readonly counts: PushCounts;
}

/**
 * How long a device may take to answer where nothing else is asked for, in milliseconds: it has to
 * wake, connect and sign in.
 */
export const TRIAL_MS_DEFAULT = 60_000;

/** How a trial is run; everything has a default. */
export interface PushTrialOptions {
  /** Ends the wait for the device. @default {never} */
  readonly signal?: AbortSignal;
  /** How long to wait for the device, in milliseconds. @default {TRIAL_MS_DEFAULT} */
  readonly ms?: number;
}

/** A trial does not take the place of a push that speaks for messages, and is known by it in logs. */
const COLLAPSE = "titan-trial";

/** The trials that are under way. */
export class PushTrials {
  readonly #parts: PushTrialsParts;
  readonly #waiting = new Map<string, () => void>();

  /** Takes what it works with. */
  constructor(parts: PushTrialsParts) {
    this.#parts = parts;
  }

  /** A device says that it saw the push with a nonce. */
  answered(nonce: string): void {
    this.#waiting.get(nonce)?.();
  }

  /**
   * Sends a push at once and past all rules, and tells how far it comes.
   *
   * @throws what the store throws
   */
  async *run(
    user: string,
    device: string,
    { signal, ms = TRIAL_MS_DEFAULT }: PushTrialOptions = {},
  ): AsyncGenerator<PushTrialStep> {
    const { devices, providers } = this.#parts;
    const known = await devices.get(user, device);
    yield { step: "device", ok: known !== null };
    if (known === null) return;
    const address = known.push;
    if (address === undefined) return yield { step: "address", ok: false };
    const { provider: name, registered } = address;
    yield { step: "address", ok: true, provider: name, registered };
    const provider = providers.get(name);
    if (provider === undefined) return yield { step: "provider", ok: false };
    yield { step: "provider", ok: true, name: provider.name };
    const nonce = this.#parts.nonces.issue(intentKey(user, device));
    const answer = this.#answerTo(nonce, ms, signal);
    try {
      const badge = (await this.#parts.outbox.look(user, device))?.messages ?? 0;
      const outcome = await this.#send(provider, address, { badge, nonce, ms });
      const ok = outcome.kind === "accepted";
      yield { step: "outcome", ok, outcome };
      if (ok) yield await answer.promise;
    } finally {
      answer.forget();
    }
  }

  async #send(
    provider: PushProvider,
    { provider: _, registered: __, ...target }: PushAddress,
    { ms, ...told }: { badge: number; nonce: string; ms: number },
  ): Promise<PushOutcome> {
    const { clock, counts } = this.#parts;
    counts.sent++;
    const outcome = await provider.send({
      target,
      content: { ...told, fetch: false },
      urgent: true,
      collapse: COLLAPSE,
      expires: clock.now() + ms,
    });
    counts[outcome.kind === "retry" ? "retried" : outcome.kind]++;
    return outcome;
  }

  /** Listens from before the push is sent on: a device may be faster than its service's answer. */
  #answerTo(nonce: string, ms: number, signal: AbortSignal | undefined) {
    const { clock } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<PushTrialStep>();
    const start = clock.monotonic();
    const end = (ok: boolean) => resolve({ step: "answer", ok, ms: clock.monotonic() - start });
    const give = () => end(false);
    this.#waiting.set(nonce, () => end(true));
    const cancel = clock.after(ms, give);
    signal?.addEventListener("abort", give, { once: true });
    if (signal?.aborted) give();
    const forget = () => {
      this.#waiting.delete(nonce);
      cancel();
      signal?.removeEventListener("abort", give);
    };
    return { promise, forget };
  }
}
