/**
 * Whether everybody was pushed who had to be, and nobody twice.
 *
 * A push tells the newest message that waits, and all that a receiver gets is from one sender. So
 * it is known exactly for which messages a push speaks: those up to the one that it tells, which
 * was committed before the push was made. No clock is compared for that.
 *
 * - **owed** (I9): every accepted message is acknowledged by its device, or an accepted push to that
 *   device speaks for it. A push that was held when its connection ended counts for nothing: who
 *   knows whether it reached the device.
 * - **twice**: a push that speaks for nothing that one before did not speak for. Only a crash may
 *   bring one: what became of a push is written within 25 ms and a commit. So each push before it
 *   that spoke for the same must have been on its way, or not yet written, when its server was
 *   killed. It was surely written where a message went {@linkcode UNWRITTEN_MS} after the answer and
 *   was accepted before the kill, since that message's commit came later: a disk that stands still
 *   delays both.
 * - **often**: an ordinary push within 20 minutes after another push to the device, or an urgent one
 *   within a second, by the server's clock, with the same exception.
 * - **nonsense**: a push that tells a message that was never sent.
 *
 * An ordinary message is owed a push too, but perhaps only 20 minutes after the push before it. A
 * run that ends with a server whose clock is so far ahead need not wait: then all that is owed is
 * due. {@linkcode owedNow} knows the difference.
 *
 * @module
 */
import { PUSH_ORDINARY_MS, PUSH_URGENT_MS } from "../../limits.ts";
import type { LifeRecord, PushHistory, PushRecord, ReceiverRecord } from "./push_history.ts";

/** How long the server may take to hear an answer and to begin to write it, in milliseconds. */
export const UNWRITTEN_MS = 250;

/** How far the clocks of two processes may differ in a second, in milliseconds. */
const CLOCKS_MS = 20;

/** A promise that was not kept. */
export interface PushViolation {
  readonly rule: "owed" | "twice" | "often" | "nonsense";
  readonly user: string;
  readonly what: string;
}

/** A run in numbers. */
export interface PushFigures {
  readonly lives: number;
  readonly receivers: number;
  readonly accepted: number;
  readonly pushes: number;
  /** Pushes that spoke for nothing new, and one before was accepted. */
  readonly duplicates: number;
  /** The same, and the one before was held when its server was killed. */
  readonly repeats: number;
  /** The most duplicates and repeats that one kill brought. */
  readonly twiceMax: number;
  /** How long before a kill a push was accepted that came again, at the most, in milliseconds. */
  readonly unwrittenMsMax: number;
}

/** What came of a check. */
export interface PushCheck {
  readonly violations: readonly PushViolation[];
  readonly figures: PushFigures;
}

/** Looks at a run that is over. */
export function checkPushes(history: PushHistory): PushCheck {
  const checker = new PushChecker(history);
  const byToken = Map.groupBy(history.pushes, ({ token }) => token);
  for (const receiver of history.receivers) {
    checker.check(receiver, byToken.get(receiver.token) ?? []);
    byToken.delete(receiver.token);
  }
  for (const token of byToken.keys()) checker.report("nonsense", token, "nobody has that token");
  return { violations: checker.violations, figures: checker.figures };
}

/**
 * Those whose push is due and did not come.
 *
 * @param serverNow milliseconds of the run's clock, and as many more as the server is ahead
 */
export function owedNow(history: PushHistory, serverNow: number): readonly ReceiverRecord[] {
  const byToken = Map.groupBy(history.pushes, ({ token }) => token);
  return history.receivers.filter((receiver) =>
    isOwedNow(receiver, byToken.get(receiver.token) ?? [], history.lives, serverNow)
  );
}

/** Whether one is among {@linkcode owedNow}. @param pushes those to the receiver, in order */
export function isOwedNow(
  receiver: ReceiverRecord,
  pushes: readonly PushRecord[],
  lives: readonly LifeRecord[],
  serverNow: number,
): boolean {
  const owed = unspoken(receiver, pushes);
  if (owed.length === 0 || owed.some(({ urgent }) => urgent)) return owed.length > 0;
  const last = pushes.findLast(({ state }) => state === "accepted");
  if (last === undefined) return true;
  return serverNow - serverTime(last.at, lives[last.life]) >= PUSH_ORDINARY_MS;
}

/** Accepted, not acknowledged, and no push that was accepted speaks for them. */
function unspoken({ sent, acknowledged }: ReceiverRecord, pushes: readonly PushRecord[]) {
  const told = pushes.reduce(
    (most, { newest, state }) => state === "accepted" ? Math.max(most, newest) : most,
    0,
  );
  return sent.filter(({ seq, acceptedAt }) =>
    acceptedAt !== undefined && seq > told && !acknowledged.has(seq)
  );
}

function serverTime(at: number, life: LifeRecord | undefined): number {
  return at + (life?.aheadMs ?? 0);
}

class PushChecker {
  readonly violations: PushViolation[] = [];
  readonly #history: PushHistory;
  /** When the last message of each life went that was accepted in it. */
  readonly #lastCommit: readonly number[];
  readonly #twice: number[];
  #duplicates = 0;
  #repeats = 0;
  #unwrittenMs = 0;

  constructor(history: PushHistory) {
    this.#history = history;
    const { lives, receivers } = history;
    const accepted = receivers.flatMap(({ sent }) => sent);
    this.#lastCommit = lives.map(({ ready, ended }) =>
      accepted.reduce(
        (last, { sentAt, acceptedAt = Infinity }) =>
          sentAt >= ready && acceptedAt <= ended ? Math.max(last, sentAt) : last,
        -Infinity,
      )
    );
    this.#twice = lives.map(() => 0);
  }

  get figures(): PushFigures {
    const { lives, receivers, pushes } = this.#history;
    const accepted = receivers.reduce(
      (sum, { sent }) => sum + sent.filter(({ acceptedAt }) => acceptedAt !== undefined).length,
      0,
    );
    return {
      lives: lives.length,
      receivers: receivers.length,
      accepted,
      pushes: pushes.length,
      duplicates: this.#duplicates,
      repeats: this.#repeats,
      twiceMax: Math.max(0, ...this.#twice),
      unwrittenMsMax: Math.ceil(this.#unwrittenMs),
    };
  }

  report(rule: PushViolation["rule"], user: string, what: string): void {
    this.violations.push({ rule, user, what });
  }

  check(receiver: ReceiverRecord, pushes: readonly PushRecord[]): void {
    const { user, sent } = receiver;
    const owed = unspoken(receiver, pushes);
    if (owed.length > 0) {
      const seqs = owed.map(({ seq }) => seq).join(", ");
      this.report("owed", user, `no push speaks for ${seqs}; pushes: ${told(pushes)}`);
    }
    for (const [index, push] of pushes.entries()) {
      if (!sent.some(({ seq }) => seq === push.newest)) {
        this.report("nonsense", user, `a push tells ${push.newest}, which was never sent`);
      }
      const before = pushes.slice(0, index).filter(({ state }) => state !== "refused");
      this.#checkTwice(user, push, before.filter(({ newest }) => newest >= push.newest));
      this.#checkOften(user, push, before);
    }
  }

  #checkTwice(user: string, push: PushRecord, before: readonly PushRecord[]): void {
    const last = before.at(-1);
    if (last === undefined) return;
    const needless = before.find((one) => !this.#mayBeLost(one, push));
    if (needless !== undefined) {
      const what = `${told([push])} tells nothing that is new after ${told([needless])}`;
      return this.report("twice", user, what);
    }
    this.#twice[last.life] = (this.#twice[last.life] ?? 0) + 1;
    if (last.answeredAt === undefined) this.#repeats++;
    else {
      this.#duplicates++;
      const ended = this.#history.lives[last.life]?.ended ?? 0;
      this.#unwrittenMs = Math.max(this.#unwrittenMs, ended - last.answeredAt);
    }
  }

  #checkOften(user: string, push: PushRecord, before: readonly PushRecord[]): void {
    const everyMs = push.urgent ? PUSH_URGENT_MS : PUSH_ORDINARY_MS;
    const { lives } = this.#history;
    const time = serverTime(push.at, lives[push.life]);
    const early = before.find((one) =>
      one.state === "accepted" && !this.#mayBeLost(one, push) &&
      time - serverTime(one.at, lives[one.life]) < everyMs - CLOCKS_MS
    );
    if (early === undefined) return;
    this.report("often", user, `${told([push])} comes too soon after ${told([early])}`);
  }

  /** Whether the server that sent a push may not have known of it after a later start. */
  #mayBeLost({ life, answeredAt }: PushRecord, later: PushRecord): boolean {
    if (life === later.life) return false;
    // What was not answered nobody knew of.
    if (answeredAt === undefined) return true;
    if (this.#history.lives[life]?.isStopped !== false) return false;
    return answeredAt + UNWRITTEN_MS >= (this.#lastCommit[life] ?? -Infinity);
  }
}

function told(pushes: readonly PushRecord[]): string {
  if (pushes.length === 0) return "none";
  return pushes.map(({ newest, urgent, at, life, state }) =>
    `${newest}${urgent ? "!" : ""} at ${at.toFixed(0)} ms in life ${life} (${state})`
  ).join(", ");
}
