/**
 * One try to wake a device.
 *
 * @module
 */
import { PUSH_URGENT_MS, TABLE_ENTRIES_MAX } from "../../limits.ts";
import type { PushProvider } from "../../push/mod.ts";
import type { Devices, Outbox, PushAddress, Users, Waiting } from "../../store/mod.ts";
import { type Intent, type ProviderName, serviceOf } from "./intent.ts";
import type { Tracer } from "../trace/mod.ts";
import type { Nonces } from "./nonces.ts";
import { type Next, Outcomes, type OutcomesParts, type SentPush } from "./outcomes.ts";
import { contentOf, type PushContentPolicy } from "./push_content.ts";
import { SenderNames } from "./sender_names.ts";
import { pushWaitMs, urgencyOf } from "./urgency.ts";

/** A newer push takes the place of an older one: it speaks for all that waits. */
const COLLAPSE = "titan";

/** What {@linkcode PushAttempts} are made of. */
export interface PushAttemptsParts extends OutcomesParts {
  readonly outbox: Outbox;
  readonly devices: Pick<Devices, "get" | "change">;
  readonly users: Pick<Users, "get">;
  readonly isHere: (user: string, device: string) => boolean;
  readonly providers: ReadonlyMap<ProviderName, PushProvider>;
  readonly nonces: Nonces;
  readonly content: PushContentPolicy;
  /** Notes pushes with the messages that they speak for. */
  readonly tracer: Pick<Tracer, "pushSent">;
  /** How often an ordinary push may go to one device. */
  readonly ordinaryMs: number;
  /** Hears how long a service took to answer, in milliseconds. @default {nobody does} */
  readonly answered?: ((ms: number) => void) | undefined;
}

/** What a try came to. */
export interface Attempt {
  /** Whether a push was sent. */
  readonly sent: boolean;
  /** What is to be done with the intent. */
  readonly next: Next;
}

const DONE: Attempt = { sent: false, next: { kind: "done" } };

/** Looks at what waits for devices, and sends the pushes that speak for it. */
export class PushAttempts {
  readonly #parts: PushAttemptsParts;
  readonly #outcomes: Outcomes;
  readonly #names: SenderNames;
  #isClosed = false;

  /** Takes what it works with. */
  constructor(parts: PushAttemptsParts) {
    this.#parts = parts;
    this.#outcomes = new Outcomes(parts);
    this.#names = new SenderNames({ ...parts, max: TABLE_ENTRIES_MAX });
  }

  /** Sends no more; what was sent is still judged. */
  close(): void {
    this.#isClosed = true;
  }

  /** The next try of an intent of which a try threw. */
  backOff(intent: Intent): Next {
    return this.#outcomes.backOff(intent);
  }

  /**
   * Tries once. What is sent is what waits at that moment, so it is looked at only now.
   *
   * @throws what the store throws
   */
  async attempt(intent: Intent): Promise<Attempt> {
    const { outbox, clock, ordinaryMs, isHere } = this.#parts;
    const { user, device, provider } = intent;
    // A device that is connected is sent its messages, and pushed only if it leaves them there.
    if (!intent.isSilent && isHere(user, device)) return DONE;
    if (provider === null) return await this.#findProvider(intent);
    await this.#outcomes.note(intent);
    const waiting = await outbox.look(user, device);
    if (waiting === null) return DONE;
    const urgency = urgencyOf(waiting, intent);
    if (urgency === "none") return DONE;
    const [everyMs, hold] = urgency === "urgent"
      ? [PUSH_URGENT_MS, "pause"] as const
      : [ordinaryMs, "ordinary"] as const;
    const ms = pushWaitMs(waiting, everyMs, clock.now());
    if (ms > 0) return { sent: false, next: { kind: "later", ms, hold } };
    const sender = await this.#senderOf(waiting);
    // The last that is waited for: a token may be somebody else's a moment later.
    const address = await this.#addressOf(intent);
    if (address === undefined) {
      // It was taken away while we looked: no push will speak for this, and none has to, but to
      // an address that has come since.
      const spoken = { upTo: waiting.upTo, at: waiting.spoken.at };
      if (intent.again !== "address") await outbox.spoke(user, device, spoken);
      return DONE;
    }
    if (address.provider !== provider) return elsewhere(address.provider);
    const sent = { intent, waiting, address, service: serviceOf(address) };
    if (!this.#enter(sent)) return { sent: false, next: { kind: "parked" } };
    return await this.#send(sent, { sender, urgent: urgency === "urgent" });
  }

  /** What the sender of the newest message is called. A bot that answers for a user has only an id. */
  async #senderOf({ newest }: Waiting): Promise<string> {
    return this.#parts.content === "none" ? "" : await this.#names.of(newest.from);
  }

  async #findProvider(intent: Intent): Promise<Attempt> {
    const address = await this.#addressOf(intent);
    return address === undefined ? DONE : elsewhere(address.provider);
  }

  async #addressOf({ user, device }: Intent): Promise<PushAddress | undefined> {
    return (await this.#parts.devices.get(user, device))?.push;
  }

  /** Goes in to the service that the address names, which may be another one than before. */
  #enter({ intent, address, service }: SentPush): boolean {
    const circuits = this.#parts.circuitsOf(address.provider);
    if (intent.service !== null && intent.service !== service) {
      circuits.leave(intent.service, intent);
    }
    intent.service = service;
    return circuits.enter(service, intent);
  }

  async #send(
    sent: SentPush,
    { sender, urgent }: { readonly sender: string; readonly urgent: boolean },
  ): Promise<Attempt> {
    const { intent, waiting, address: { provider: name, registered: _, ...target } } = sent;
    const { providers, nonces, counts, clock, answered, tracer, content: policy } = this.#parts;
    const provider = providers.get(name);
    if (provider === undefined || intent.isCancelled || this.#isClosed) return DONE;
    counts.sent++;
    const sentAt = clock.monotonic();
    const { user, device } = intent;
    const { after, upTo } = waiting;
    const noteAnswer = tracer.pushSent({ user, device, provider: provider.name, after, upTo });
    const outcome = await provider.send({
      target,
      content: contentOf(waiting, { policy, sender, nonce: nonces.issue(intent.key) }),
      urgent,
      collapse: COLLAPSE,
      expires: waiting.expires,
    });
    answered?.(clock.monotonic() - sentAt);
    noteAnswer(outcome);
    return { sent: true, next: await this.#outcomes.judge(sent, outcome) };
  }
}

function elsewhere(provider: ProviderName): Attempt {
  return { sent: false, next: { kind: "elsewhere", provider } };
}
