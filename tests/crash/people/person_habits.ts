/**
 * Who of those that take part in a crash run signs in with an issuer, and comes and goes as a user.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Habits, ordinary } from "../habits.ts";
import { Seeded } from "../seeded.ts";

/** Those who write to people. */
const PEN_PALS = 4;

/** How one person behaves. */
export interface PersonHabits {
  /** What the issuer calls them. */
  readonly subject: string;
  readonly email: string;
  /** Milliseconds between two calls, at most. */
  readonly pauseMs: number;
  /** Push tokens that are given to the person's devices; others have some of them too. */
  readonly pushes: readonly string[];
  /** Whom their devices send to. */
  readonly targets: readonly string[];
}

/** Several people share a phone now and then: the push tokens of one are those of the next too. */
const PUSHES = 6;

/**
 * Draws the people.
 *
 * @param pace how many times slower than at most all of them act
 * @param count how many there are
 */
export function drawPeople(seed: number, pace = 1, count = 12): readonly PersonHabits[] {
  const chance = Seeded.of(seed, "people");
  // The last one has a subject that cannot be a part of a user id as it is.
  const subjects = Array.from(
    { length: count },
    (_, index) => index === count - 1 ? `Person|${index}` : `person${index}`,
  );
  return subjects.map((subject, index) => ({
    subject,
    email: `person${index}@example.org`,
    pauseMs: pace * chance.whole(60, 300),
    pushes: [`own-${index}`, `push-${index % PUSHES}`, `push-${(index + 1) % PUSHES}`],
    targets: ["pal1", "pal2", userIdOf(chance.pick(subjects))],
  }));
}

/**
 * Those who write to people. They ask for no receipts: a person who leaves right after an
 * acknowledgement may be gone before it is heard.
 */
export function drawPenPals(
  seed: number,
  people: readonly PersonHabits[],
  pace = 1,
): readonly Habits[] {
  const chance = Seeded.of(seed, "pen pals");
  const targets = people.map(({ subject }) => userIdOf(subject));
  return Array.from({ length: people.length === 0 ? 0 : PEN_PALS }, (_, index) =>
    ordinary({
      user: `pal${index + 1}`,
      targets,
      cids: index > 0,
      pipeline: chance.whole(1, 6),
      batch: chance.pick([1, 3, 10]),
      pauseMs: pace * chance.whole(20, 60),
    }));
}

/** The user id that a subject of Google's gets. */
export function userIdOf(subject: string): string {
  if (/^[a-z0-9._@-]{1,64}$/.test(subject)) return `google:${subject}`;
  return `google:#${createHash("sha256").update(subject).digest("hex")}`;
}
