/**
 * A model of what is owed to one device, for the property test of the outbox.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Draft, Entry, PushAddress, Waiting } from "../store.ts";
import type { World } from "./world.ts";

/** Where the phone of `bob` is reached in these tests. */
export const PUSH: PushAddress = { provider: "fcm", token: "t", registered: 0 };

/** `bob` with a phone that is away and can be reached, to whom `alice` has sent something. */
export async function sleeping(
  world: World,
  parts: readonly Partial<Draft>[],
): Promise<{ entries: Entry[] }> {
  await world.users("alice", "bob");
  await world.device("bob", "phone", { push: PUSH });
  await world.attach("bob", "phone");
  world.mailboxes.detach("bob", "phone", 0);
  const entries: Entry[] = [];
  for (const part of parts) entries.push(await world.send(part));
  return { entries };
}

/** What waits for the phone of `bob`; of the newest message the id. */
export async function look(
  world: World,
): Promise<(Omit<Waiting, "newest"> & { readonly newest: string }) | null> {
  const waiting = await world.store.outbox.look("bob", "phone");
  return waiting === null ? null : { ...waiting, newest: waiting.newest.id };
}

/** One thing that happens to a mailbox. */
export type Step =
  | { readonly kind: "send"; readonly urgent: boolean; readonly receipt: boolean; ms: number }
  | { readonly kind: "acknowledge" | "speak"; readonly share: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "settle" };

const share = fc.double({ min: 0, max: 1, noNaN: true });

export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("send" as const),
    urgent: fc.boolean(),
    receipt: fc.boolean(),
    ms: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ kind: fc.constantFrom("acknowledge" as const, "speak" as const), share }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 20 }) }),
  fc.constant({ kind: "settle" as const }),
);

/** What must be owed to the phone of `bob`, from all that happened. */
export class OutboxModel {
  readonly #world: World;
  #entries: Entry[] = [];
  #cursor = 0;
  /** Up to where pushes spoke. */
  #spoken = 0;
  /** When the last one did. */
  #spokenAt = 0;

  /** @param world in which `bob` has a phone, and {@linkcode sleeping} was called */
  constructor(world: World) {
    this.#world = world;
  }

  /** Does it, and checks what is owed then. */
  async take(step: Step): Promise<void> {
    const { store: { outbox }, mailboxes } = this.#world;
    if (step.kind === "send") {
      const kind = step.receipt ? "receipt" : "message";
      const expires = this.#world.now + step.ms;
      this.#entries.push(await this.#world.send({ kind, urgent: step.urgent, expires }));
    } else if (step.kind === "acknowledge") {
      await this.#world.attach("bob", "phone");
      this.#cursor = Math.max(this.#cursor, this.#at(step.share));
      mailboxes.acknowledge("bob", "phone", this.#cursor);
      mailboxes.detach("bob", "phone", 0);
    } else if (step.kind === "speak") {
      const upTo = this.#at(step.share);
      await outbox.spoke("bob", "phone", { upTo, at: upTo });
      this.#spoken = Math.max(this.#spoken, upTo);
      this.#spokenAt = upTo;
    } else if (step.kind === "wait") this.#world.now += step.ms;
    else await this.#world.settleAll();
    await this.#check();
  }

  /** The position of one of the entries; 0 where there is none. */
  #at(share: number): number {
    return this.#entries[Math.floor(share * this.#entries.length)]?.position ?? 0;
  }

  async #check(): Promise<void> {
    const waits = this.#entries.filter(({ kind, position, expires }) =>
      kind === "message" && position > this.#cursor && expires > this.#world.now
    );
    const newest = waits.at(-1);
    const told = await look(this.#world);
    if (newest === undefined) return assert.equal(told, null);
    const isNew = ({ position }: Entry) => position > this.#spoken;
    assert.ok(told);
    const { messages, urgent, expires } = told;
    assert.deepEqual({ messages, newest: told.newest, isNew: told.isNew, urgent, expires }, {
      messages: waits.length,
      newest: newest.id,
      isNew: isNew(newest),
      urgent: waits.some((entry) => entry.urgent && isNew(entry)),
      expires: Math.max(...waits.map((entry) => entry.expires)),
    });
    assert.equal(told.spoken.at, this.#spokenAt);
  }
}
