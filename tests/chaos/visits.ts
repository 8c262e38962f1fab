/**
 * What lasts from round to round: ids do not come again, and what was acknowledged does not either.
 *
 * @module
 */
import { acceptanceOf, type History } from "../crash/history.ts";
import { Reporter, type Violation } from "../crash/violation.ts";
import { TestClient } from "../harness/client.ts";

/** Signs tokens for users with the secret of a data directory. */
export type Sign = (dataDir: string) => (user: string) => Promise<string>;

/** Somebody who was drained, and where. */
interface Visitor {
  readonly user: string;
  readonly device: string;
  readonly dataDir: string;
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
    for (const sender of history.devices) {
      const { user, device } = sender;
      this.#visitors.push({ user, device, dataDir });
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

  /** Everybody who was there comes back once more: nothing may come again (I3). */
  async revisit(
    { url, dataDir }: { readonly url: string; readonly dataDir: string },
    sign: Sign,
  ): Promise<readonly Violation[]> {
    const violations: Violation[] = [];
    for (const { user, device } of this.#visitors.filter((one) => one.dataDir === dataDir)) {
      const token = await sign(dataDir)(user);
      await using client = await TestClient.connect(url, { token, device });
      await client.until(() => client.empties > 0 || undefined, "all that waits", VISIT_MS_MAX);
      const { length } = client.messages;
      if (length === 0) continue;
      const what = `${user}/${device} had acknowledged all, and gets ${length} messages again`;
      violations.push({ rule: "I3", what, history: [] });
    }
    return violations;
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
