/**
 * The process of the load: it does what the lines on its standard input ask for, and answers each
 * of them with one. See `protocol.ts`.
 *
 * @module
 */
import { createTokens, readOrMakeSecrets } from "../../server/auth/mod.ts";
import { systemRandom } from "../../server/clock.ts";
import { describe } from "../crash/violation.ts";
import { collectLetters, type LetterBox, postLetters } from "./letters.ts";
import { linesOf } from "./lines.ts";
import type { ChatAnswer, ChatRequest, RestoredPlace } from "./protocol.ts";
import { checkRestored, countPromised, receiveRestored, repeatRestored } from "./restored.ts";
import { Round } from "./round.ts";
import { roundFigures } from "./round_figures.ts";
import { StallWatch } from "./stall_watch.ts";
import { tryTokens } from "./token_trial.ts";
import { epochOf, type Sign, Visits } from "./visits.ts";

/**
 * Tokens were issued a while ago and last for a while: also a server whose clock is an hour behind,
 * or ahead, has to take them.
 */
const ISSUED_MS_AGO = 2 * 3600 * 1000;
const TOKEN_SECONDS = 6 * 3600;

/** What an answer tells beside the moment. */
type Told = Omit<ChatAnswer, "now">;

/** What the process does. */
class ChatProcess {
  #round: Round | null = null;
  #dataDir = "";
  readonly #visits = new Visits();
  readonly #stalls = new StallWatch();

  /** Does what it is asked for. */
  async answer(request: ChatRequest): Promise<Told> {
    switch (request.do) {
      case "now":
        return {};
      case "join":
        this.#dataDir = request.dataDir;
        this.#round = await Round.join({ ...request, sign: this.#sign(request.dataDir) });
        return {};
      case "died":
        this.#current.died(request.at);
        return {};
      case "recovered":
        await this.#current.recovered(request.since);
        return {};
      case "refused":
        await this.#current.refused(request.since);
        return {};
      case "post":
        await postLetters(this.#letterBox(request.url));
        return {};
      case "jumped":
        await tryTokens({ ...request, dataDir: this.#dataDir });
        await collectLetters(this.#letterBox(request.url), request.jumpMs);
        return {};
      case "drain":
        await this.#current.drain();
        return {};
      case "restored":
        return await this.#checkRestored(request.backup);
      case "finish": {
        const { moments, end } = request;
        await using round = this.#current;
        this.#round = null;
        const violations = [...round.check(), ...this.#visits.note(round.history, this.#dataDir)];
        return {
          broken: describe(violations),
          figures: roundFigures(round.history, moments, end),
          stallMs: this.#stalls.longest(moments.harmed, end),
        };
      }
      case "revisit": {
        const { violations, repeated } = await this.#visits.revisit(request, this.#sign);
        return { broken: describe(violations), repeated };
      }
    }
  }

  get #current(): Round {
    if (this.#round === null) throw new Error("There is no round");
    return this.#round;
  }

  #letterBox(url: string): LetterBox {
    return { url, sign: this.#sign(this.#dataDir) };
  }

  async #checkRestored({ url, dataDir, original, taken, done }: RestoredPlace): Promise<Told> {
    const { history } = this.#current;
    const sign = this.#sign(dataDir);
    // The moment is of the wall clock, which both processes share.
    const moments = { taken: taken - Date.now() + performance.now(), done };
    const restored = await receiveRestored(history, url, sign);
    const { violations, due, came } = checkRestored(history, restored, moments);
    const repeats = await repeatRestored(history, moments, url, sign);
    const [before, after] = [await epochOf(original, sign), await epochOf(url, sign)];
    if (before === after) throw new Error("The restored server has the epoch of the original");
    return {
      broken: describe([...violations, ...repeats.violations]),
      restored: {
        acceptedBefore: countPromised(history, moments),
        due,
        came,
        repeated: repeats.repeated,
      },
    };
  }

  /** Signs tokens with the secret of a data directory. */
  readonly #sign: Sign = (dataDir) => {
    const tokens = readOrMakeSecrets(dataDir, systemRandom).then((secrets) =>
      createTokens({
        secrets,
        maxAgeSeconds: TOKEN_SECONDS,
        now: () => Date.now() - ISSUED_MS_AGO,
        random: systemRandom,
      })
    );
    return async (user) => await (await tokens).sign({ user, ttlSeconds: TOKEN_SECONDS });
  };
}

async function main(): Promise<void> {
  const load = new ChatProcess();
  for await (const line of linesOf(Deno.stdin.readable)) {
    const told = await load.answer(JSON.parse(line)).catch((error): Told => {
      return { error: error instanceof Error ? error.message : String(error) };
    });
    console.log(JSON.stringify({ ...told, now: performance.now() }));
  }
  Deno.exit();
}

if (import.meta.main) await main();
