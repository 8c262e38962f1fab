/**
 * A local APNs that writes down what it hears, and is slow, away or silent as a run wants it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FAKE_TOPIC, FakeApns } from "../../push/apns/fake_apns.ts";
import { TEST_CA } from "../../push/contract/test_certificate.ts";
import type { SeenPush } from "../../push/provider_contract.ts";
import { systemClock, systemRandom } from "../../server/clock.ts";
import { Changes } from "../harness/wait_for.ts";
import type { PushRecord } from "./push_history.ts";

/** What the push service does. `away`: it refuses. `silent`: it reads, and answers nothing. */
export type ApnsMood = "works" | "away" | "silent";

/** How often it answers what came, in milliseconds: until then all that is on its way. */
const ANSWER_MS = 40;

/** The records of a local APNs. Disposing of it ends the service. */
export class PushRecorder implements AsyncDisposable {
  readonly pushes: PushRecord[] = [];
  /** A push was read or accepted. */
  readonly changes = new Changes();
  /** How far the server's clock is ahead, in milliseconds: APNs has the same time. */
  aheadMs = 0;
  /** The life of the server that sends now. */
  life = -1;
  readonly #byToken = new Map<string, PushRecord[]>();
  readonly #records = new Map<SeenPush, PushRecord>();
  readonly #certificate: string;
  #apns: FakeApns | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #read = 0;
  #accepted = 0;
  #mood: ApnsMood = "works";

  private constructor(certificate: string) {
    this.#certificate = certificate;
  }

  /** Starts the service. */
  static async open(): Promise<PushRecorder> {
    const certificate = await Deno.makeTempFile({ prefix: "titan-ca-", suffix: ".pem" });
    await Deno.writeTextFile(certificate, TEST_CA);
    const recorder = new PushRecorder(certificate);
    const { after } = systemClock;
    recorder.#apns = await FakeApns.open({
      clock: { now: () => systemClock.now() + recorder.aheadMs, after },
      random: systemRandom,
      inFlightMax: 1000,
      changed: () => recorder.#note(),
    });
    recorder.behave("works");
    return recorder;
  }

  /** What a server has to be told so that it pushes here. */
  get env(): Readonly<Record<string, string>> {
    const { url, tokens: { pem, keyId, teamId } } = this.#service;
    return {
      TITAN_APNS_URL: url,
      TITAN_APNS_KEY: pem,
      TITAN_APNS_KEY_ID: keyId,
      TITAN_APNS_TEAM_ID: teamId,
      TITAN_APNS_TOPIC: FAKE_TOPIC,
    };
  }

  /** The same for Deno, which is told whom to trust. */
  get denoArgs(): readonly string[] {
    return ["--cert", this.#certificate];
  }

  /** The pushes to one device, in order. */
  of(token: string): readonly PushRecord[] {
    return this.#byToken.get(token) ?? [];
  }

  /** A token of the service. */
  token(index: number): string {
    return this.#service.target(index).token;
  }

  /** Changes what it does with pushes from now on. */
  behave(mood: ApnsMood): void {
    clearInterval(this.#timer);
    this.#mood = mood;
    if (mood === "away") this.#service.answer({ kind: "server_error", status: 503 });
    else this.#service.answer({ kind: "hang" });
    if (mood === "works") this.#timer = setInterval(() => this.#service.release(), ANSWER_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#service[Symbol.asyncDispose]();
    await Deno.remove(this.#certificate);
  }

  get #service(): FakeApns {
    assert.ok(this.#apns !== undefined);
    return this.#apns;
  }

  #note(): void {
    const { seen, accepted } = this.#service;
    for (; this.#read < seen.length; this.#read++) this.#write(seen[this.#read]);
    for (; this.#accepted < accepted.length; this.#accepted++) {
      const push = accepted[this.#accepted];
      const record = push && this.#records.get(push);
      assert.ok(push !== undefined && record !== undefined, "a push was accepted and not read");
      record.state = "accepted";
      record.answeredAt = performance.now();
      this.#records.delete(push);
    }
    this.changes.note();
  }

  #write(push: SeenPush | undefined): void {
    assert.ok(push !== undefined);
    const { token, urgent, content: { text } } = push;
    const record: PushRecord = {
      token,
      newest: Number(text),
      urgent,
      at: performance.now(),
      life: this.life,
      state: this.#mood === "away" ? "refused" : "held",
      answeredAt: undefined,
    };
    this.#records.set(push, record);
    this.pushes.push(record);
    const others = this.#byToken.get(token);
    if (others === undefined) this.#byToken.set(token, [record]);
    else others.push(record);
  }
}
