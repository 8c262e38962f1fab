/**
 * What lasts from round to round: ids do not come again, what was acknowledged does not either, and
 * what was accepted is known.
 *
 * @module
 */
import { acceptanceOf, type History } from "../crash/history.ts";
import { Reporter, type Violation } from "../crash/violation.ts";
import { TestClient } from "../harness/client.ts";
import { type Accepted, acceptedOf, repeat, sampleOf, sendersOf } from "./repeats.ts";

/** Signs tokens for users with the secret of a data directory. */
export type Sign = (dataDir: string) => (user: string) => Promise<string>;

/** Somebody who was drained, and where. */
interface Visitor {
  readonly user: string;
  readonly device: string;
  readonly dataDir: string;
  /** Some of what it sent. */
  readonly accepted: readonly Accepted[];
}

/** How long one visit may take, in milliseconds. */
const VISIT_MS_MAX = 20_000;

/** All rounds that are over. */
export class Visits {
  readonly #visitors: Visitor[] = [];
  readonly #ids = new Set<string>();

  /** Notes a round that is over. @returns ids that an earlier round had, too (I4) */
  note(history: History, dataDir: string): readonly Violation[] {
    const reporter = new Reporter(history);
    const fresh = new Set<string>();
    const { length } = sendersOf(history);
    for (const sender of history.devices) {
      const { user, device } = sender;
      const accepted = sampleOf(sender, length, Infinity).map(acceptedOf);
      this.#visitors.push({ user, device, dataDir, accepted });
      for (const sent of sender.sent) {
        const id = acceptanceOf(sent)?.id;
        if (id === undefined) continue;
        if (this.#ids.has(id)) {
          reporter.reportMessage("I4", `an earlier round had its id ${id}`, { sender, sent });
        }
        fresh.add(id);
      }
    }
    for (const id of fresh) this.#ids.add(id);
    return reporter.violations;
  }

  /**
   * Everybody who was there comes back once more: nothing may come again (I3), and what is sent again
   * is known (I5), though it became rows and other servers came since.
   */
  async revisit(
    { url, dataDir }: { readonly url: string; readonly dataDir: string },
    sign: Sign,
  ): Promise<{ readonly violations: readonly Violation[]; readonly repeated: number }> {
    const violations: Violation[] = [];
    let repeated = 0;
    const visitors = this.#visitors.filter((one) => one.dataDir === dataDir);
    for (const { user, device, accepted } of visitors) {
      const token = await sign(dataDir)(user);
      await using client = await TestClient.connect(url, { token, device });
      await client.until(() => client.empties > 0 || undefined, "all that waits", VISIT_MS_MAX);
      for (const message of accepted) {
        const wrong = await repeat(client, message);
        repeated++;
        if (wrong === null) continue;
        const what = `${user}/${device} sent cid ${message.cid} again, which ${wrong}`;
        violations.push({ rule: "I5", what, history: [] });
      }
      const { length } = client.messages;
      if (length === 0) continue;
      const what = `${user}/${device} had acknowledged all, and gets ${length} messages again`;
      violations.push({ rule: "I3", what, history: [] });
    }
    return { violations, repeated };
  }
}

/** The epoch of a server. */
export async function epochOf(
  url: string,
  sign: (user: string) => Promise<string>,
): Promise<string> {
  await using client = await TestClient.connect(url, { token: await sign("epoch-reader") });
  return client.welcome?.epoch ?? "";
}
