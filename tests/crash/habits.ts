/**
 * Who takes part in a crash run and how each of them behaves, drawn from a seed.
 *
 * @module
 */
import { ECHO } from "./history.ts";
import { Seeded } from "./seeded.ts";

/** How one device behaves until the drain; then all are well-behaved. */
export interface Habits {
  readonly user: string;
  readonly device: string;
  /** Whom it sends to; nobody: it only receives. */
  readonly targets: readonly string[];
  /** By name every message gets its id; by position it is all or none, and only "ACK". */
  readonly form: "named" | "positional";
  /** Whether its messages have a `cid`, under which it sends again what was not answered. */
  readonly cids: boolean;
  /** Calls that it lets wait for their answers. */
  readonly pipeline: number;
  /** Messages in one call, at most. */
  readonly batch: number;
  /** Milliseconds between two calls, at most. */
  readonly pauseMs: number;
  /** Characters of a text, at least; now and then one is long anyway. */
  readonly textChars: number;
  /**
   * `at once`; `late`: after a while, in any order; `picky`: refuses some, now all of a `msg.recv`,
   * now a part; `never`: nothing until the drain.
   */
  readonly acknowledges: "at once" | "late" | "picky" | "never";
  readonly window: number;
  readonly receipts: boolean;
  /** Milliseconds that it stays at most, and then stays away at most; undefined: it stays. */
  readonly visits: { readonly hereMs: number; readonly awayMs: number } | undefined;
  /** Joins so long after the others, as a further device that starts at the newest. */
  readonly joinsAfterMs: number;
}

/** The receivers that behave badly or are seldom there: half of what everybody sends. */
const ODD: readonly Partial<Habits>[] = [
  { user: "late1", acknowledges: "late", window: 16 },
  { user: "late2", acknowledges: "late", window: 3 },
  { user: "picky1", acknowledges: "picky" },
  { user: "picky2", acknowledges: "picky", window: 8 },
  { user: "never1", acknowledges: "never" },
  { user: "never2", acknowledges: "never", window: 256 },
  { user: "visitor1", visits: { hereMs: 600, awayMs: 4000 } },
  { user: "visitor2", visits: { hereMs: 3000, awayMs: 1500 } },
  { user: "visitor3", visits: { hereMs: 1500, awayMs: 9000 }, acknowledges: "late" },
];

/** Whoever sends like this is seldom without something unanswered. */
const HASTY = { cids: true, pipeline: 8, batch: 2, pauseMs: 10, form: "named" } as const;

/** A device that does nothing special, but for what `part` says. */
export function ordinary(part: Partial<Habits> & Pick<Habits, "user">): Habits {
  return {
    device: "default",
    targets: [],
    form: "named",
    cids: false,
    pipeline: 1,
    batch: 1,
    pauseMs: 20,
    textChars: 0,
    acknowledges: "at once",
    window: 64,
    receipts: false,
    visits: undefined,
    joinsAfterMs: 0,
    ...part,
  };
}

/**
 * Draws the habits of everybody. The larger parts are fixed, so that no seed leaves one out.
 *
 * @param pace how many times slower than at most everybody sends: a long run has to be checked
 */
export function drawHabits(seed: number, pace = 1): readonly Habits[] {
  const chance = Seeded.of(seed, "habits");
  const pairs = Array.from({ length: 6 }, (_, index) => `user${index + 1}`);
  const everyone = [...pairs, "many1", "many2", ...ODD.map(({ user }) => user ?? "")];
  const sender = (user: string, part: Partial<Habits>): Habits => ({
    ...ordinary({ user }),
    targets: [chance.pick(everyone), chance.pick(everyone), chance.pick(everyone)],
    form: chance.chance(0.5) ? "named" : "positional",
    cids: chance.chance(0.7),
    pipeline: chance.whole(1, 6),
    batch: chance.pick([1, 1, 1, 5, 20]),
    receipts: chance.chance(0.5),
    ...part,
    pauseMs: pace * (part.pauseMs ?? chance.whole(20, 200)),
  });
  return [
    ...pairs.map((user) => sender(user, {})),
    ...ODD.map((part) => sender(part.user ?? "", { targets: [], ...part })),
    // Several devices: what one of them sends, the others see too.
    sender("many1", { device: "phone", cids: true, form: "named" }),
    sender("many1", { device: "tablet", acknowledges: "late" }),
    sender("many1", { device: "desk", targets: [], visits: { hereMs: 1000, awayMs: 3000 } }),
    sender("many1", { device: "new", targets: [], joinsAfterMs: 2500 }),
    sender("many2", { device: "phone", targets: ["many2", "many1", "user1"], cids: true }),
    sender("many2", { device: "watch", acknowledges: "picky", targets: ["many1"] }),
    sender("many2", { device: "old", targets: [], acknowledges: "never" }),
    // Senders that come and go, one of them without a cid.
    sender("guest1", { visits: { hereMs: 700, awayMs: 700 }, cids: true, pipeline: 8 }),
    sender("guest2", { visits: { hereMs: 700, awayMs: 700 }, cids: false, pipeline: 8 }),
    // Seldom there, and then in a hurry: their repeats come lives later (I5).
    sender("guest3", { visits: { hereMs: 2000, awayMs: 5000 }, ...HASTY }),
    sender("guest4", { visits: { hereMs: 4000, awayMs: 3000 }, ...HASTY }),
    sender("guest5", { visits: { hereMs: 4000, awayMs: 7000 }, ...HASTY }),
    // One that talks to itself.
    sender("self1", { targets: ["self1", ECHO], cids: true, form: "named" }),
    // Fast ones, each to the users that are not always there.
    sender("fast1", { targets: ["visitor1", "never1"], pauseMs: 10, pipeline: 4, batch: 10 }),
    sender("fast2", { targets: ["visitor2", "visitor3"], pauseMs: 5, pipeline: 8, batch: 1 }),
    sender("fast3", { targets: ["picky1", "late1"], pauseMs: 10, pipeline: 8, cids: true }),
    sender("fast4", { targets: ["many1", "many2"], pauseMs: 5, pipeline: 4, cids: true }),
  ];
}
