/**
 * Takes what is delivered on one connection, writes it down and answers it as the habits are.
 *
 * @module
 */
import type { Delivery, TestClient } from "../harness/client.ts";
import type { ActorParts } from "./actor.ts";
import { next, RUN_MS_MAX } from "./next.ts";
import type { ConnectionRecord, DeliveryRecord } from "./history.ts";

/** How late a late acknowledgement is at most, in milliseconds. */
const LATE_MS_MAX = 400;

/** Refusals of one message by one device: below what the server sets a message aside at. */
const REFUSALS_MAX = 3;

/** Answers the deliveries of one connection. */
export class Acknowledger {
  readonly #client: TestClient;
  readonly #connection: ConnectionRecord;
  readonly #refusals: Map<string, number>;
  readonly #parts: Pick<ActorParts, "habits" | "stage" | "chance" | "intern">;

  /** @param refusals how often each message was refused by the device, on any connection */
  constructor(
    client: TestClient,
    connection: ConnectionRecord,
    refusals: Map<string, number>,
    parts: Pick<ActorParts, "habits" | "stage" | "chance" | "intern">,
  ) {
    this.#client = client;
    this.#connection = connection;
    this.#refusals = refusals;
    this.#parts = parts;
  }

  /** Works until the connection is over. */
  async run(): Promise<void> {
    const { deliveries } = this.#client;
    const answers: Promise<void>[] = [];
    for (let index = 0;; index++) {
      const delivery = await next(this.#client, deliveries, index);
      if (delivery === undefined) break;
      deliveries[index] = { ...delivery, messages: [] };
      answers.push(this.#answer(delivery.id, this.#write(delivery)));
    }
    await Promise.all(answers);
  }

  #write({ messages }: Delivery): readonly DeliveryRecord[] {
    const { stage, intern } = this.#parts;
    const at = stage.now();
    const records = messages.map(({ id, from, to, time, message, redelivered = 0 }) => ({
      id: intern(id),
      from: intern(from),
      to: intern(to),
      time: intern(time),
      text: intern(message),
      redelivered,
      at,
      answer: undefined,
    }));
    this.#connection.deliveries.push(...records);
    return records;
  }

  async #answer(id: Delivery["id"], records: readonly DeliveryRecord[]): Promise<void> {
    const { habits, stage, chance } = this.#parts;
    if (stage.phase === "draining") return this.#acknowledge(id, records, records);
    switch (habits.acknowledges) {
      case "never":
        // The next phase ends the pause, and the next connection brings it all again.
        await Promise.race([this.#client.closed, stage.pause(RUN_MS_MAX)]);
        break;
      case "late":
        await stage.pause(chance.whole(0, LATE_MS_MAX));
        break;
      case "picky":
        return this.#pick(id, records);
      case "at once":
        break;
    }
    this.#acknowledge(id, records, records);
  }

  #pick(id: Delivery["id"], records: readonly DeliveryRecord[]): void {
    const { chance } = this.#parts;
    const mayRefuse = (record: DeliveryRecord) =>
      (this.#refusals.get(record.id) ?? 0) < REFUSALS_MAX;
    if (chance.chance(0.2) && records.every(mayRefuse)) return this.#acknowledge(id, [], records);
    const taken = records.filter((record) => !mayRefuse(record) || chance.chance(0.7));
    this.#acknowledge(id, taken, records);
  }

  #acknowledge(
    id: Delivery["id"],
    taken: readonly DeliveryRecord[],
    records: readonly DeliveryRecord[],
  ): void {
    if (!this.#client.isOpen) return;
    const at = this.#parts.stage.now();
    for (const record of records) {
      const isTaken = taken.includes(record);
      record.answer = { kind: isTaken ? "acknowledged" : "refused", at };
      if (!isTaken) this.#refusals.set(record.id, (this.#refusals.get(record.id) ?? 0) + 1);
    }
    if (taken.length === 0) this.#client.refuse({ id, messages: [] });
    else if (taken.length === records.length) this.#client.acknowledge({ id, messages: [] });
    else this.#client.acknowledge({ id, messages: [] }, taken.map((record) => record.id));
  }
}
