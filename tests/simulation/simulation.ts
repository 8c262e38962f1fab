/**
 * The simulation: the real server on a simulated clock, disk and network, with clients that behave
 * as badly as clients do, and everything in an order that one number decides.
 *
 * A step is one thing that happens: a frame arrives, the disk does something, a timer fires, a client
 * acts, something breaks. Between two steps everything goes on as far as it goes by itself.
 *
 * @module
 */
import { createTokens } from "../../server/auth/mod.ts";
import { userKey } from "../../store/kv/keys.ts";
import { jsonValue } from "../../store/kv/values.ts";
import { CryptoGate } from "./crypto_gate.ts";
import type { Sabotage } from "./observed_store.ts";
import { Oracle } from "./oracle.ts";
import { drain } from "./drain.ts";
import { History } from "./history.ts";
import { habitsOf, type Leanings, leaningsOf } from "./leanings.ts";
import { Random } from "./random.ts";
import { SimClock } from "./sim_clock.ts";
import { SimDevice } from "./sim_device.ts";
import { SimulationError } from "./simulation_error.ts";
import { SimWorld } from "./sim_world.ts";

/** What a run is made of; all else follows from the seed. */
export interface SimulationOptions {
  readonly seed: number;
  readonly steps: number;
  /** Breaks the store, to show that it is found. */
  readonly sabotage?: Sabotage;
  /** Hears everything that happens. */
  readonly trace?: (line: string) => void;
}

/** What a run was. */
export interface SimulationReport {
  readonly seed: number;
  readonly steps: number;
  /** Stands for everything that happened, in its order. */
  readonly history: string;
  /** How often what happened. */
  readonly counts: ReadonlyMap<string, number>;
}

const SECRET = new TextEncoder().encode("a secret that only the simulation knows");
const DAY_SECONDS = 24 * 3600;

/** Steps between two looks at the disk. */
const DISK_CHECK_STEPS = 250;

/** Steps after which everything must have come to rest. */
const REST_STEPS_MAX = 300_000;

/** One run. */
export class Simulation implements Disposable {
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #clock = new SimClock();
  readonly #oracle: Oracle;
  readonly #gate = new CryptoGate();
  readonly #devices: SimDevice[] = [];
  readonly #leanings: Leanings;
  readonly #world: SimWorld;
  readonly #users: readonly string[];
  readonly #history = new History();
  readonly #rejections = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    const { reason } = event;
    this.#oracle.violated(`Nobody caught: ${reason instanceof Error ? reason.stack : reason}`);
  };
  #step = 0;
  #words = 0;

  private constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const random = this.#random;
    this.#users = Array.from({ length: random.between(4, 12) }, (_, i) => `user${i}`);
    this.#oracle = new Oracle(this.#clock, this.#users, (frame) => this.#note(`  ${frame}`));
    this.#leanings = leaningsOf(random);
    this.#world = new SimWorld({
      random,
      clock: this.#clock,
      oracle: this.#oracle,
      leanings: this.#leanings,
      secret: SECRET,
      sabotage: options.sabotage ?? {},
    });
    globalThis.addEventListener("unhandledrejection", this.#rejections);
  }

  /**
   * Runs from a seed to the end.
   *
   * @throws {SimulationError} an invariant does not hold.
   */
  static async run(options: SimulationOptions): Promise<SimulationReport> {
    using simulation = new Simulation(options);
    await simulation.#populate();
    return await simulation.#run();
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#rejections);
    for (const server of this.#world.servers) server.kill(() => false);
    this.#gate[Symbol.dispose]();
  }

  async #populate(): Promise<void> {
    const random = this.#random;
    const start = this.#clock.now();
    const tokens = await createTokens({
      secrets: [SECRET],
      maxAgeSeconds: DAY_SECONDS,
      // Tokens were made a day ago, so that no jump of the clock makes them early.
      now: () => start - DAY_SECONDS * 1000,
      random: random.fill,
    });
    const writes = this.#users.map((id) => ({
      key: userKey(id),
      value: jsonValue({ id, registered: start }),
    }));
    this.#world.disk.apply([], writes);
    const habits = habitsOf(random);
    for (const user of this.#users) {
      for (let i = random.between(1, 3); i > 0; i--) {
        const device = `device${i}`;
        const token = await tokens.sign({ user, device, ttlSeconds: 30 * DAY_SECONDS });
        this.#devices.push(
          new SimDevice({
            user,
            device,
            token,
            random: random.fork(),
            habits,
            oracle: this.#oracle,
            others: this.#users,
            nextWord: () => `w${++this.#words}`,
          }),
        );
      }
    }
  }

  async #run(): Promise<SimulationReport> {
    while (this.#step < this.#options.steps) {
      this.#do(this.#choose());
      await this.#settled();
      if (this.#step % DISK_CHECK_STEPS === 0) this.#world.checkDisk();
    }
    await this.#heal();
    const { seed } = this.#options;
    return {
      seed,
      steps: this.#step,
      history: this.#history.digest,
      counts: this.#oracle.counts,
    };
  }

  /** Does one thing, and lets everything go on as far as it goes. */
  #do(thing: () => string): void {
    this.#step++;
    const line = `${this.#step} ${Math.round(this.#clock.monotonic())} ms: ${thing()}`;
    this.#note(line);
  }

  async #settled(): Promise<void> {
    await this.#gate.quiet();
    const { violations } = this.#oracle;
    if (violations.length === 0) return;
    throw new SimulationError(this.#options.seed, this.#step, violations, this.#history.tail);
  }

  #note(line: string): void {
    this.#history.add(line);
    this.#options.trace?.(line);
  }

  #choose(): () => string {
    const lost = this.#world.servers.find(({ isLost }) => isLost);
    if (lost !== undefined && this.#random.chance(0.1)) return () => this.#world.kill(lost);
    const { network, disk, time, clients, faults } = this.#leanings;
    const choices: [number, (() => string) | null][] = [
      [network, this.#world.network()],
      [disk, this.#world.diskWork()],
      [time, () => this.#world.pass()],
      [clients, () => this.#client()],
      [faults, () => this.#world.fault()],
    ];
    const possible = choices.filter((choice): choice is [number, () => string] =>
      choice[1] !== null
    );
    return this.#random.weighted(possible);
  }

  #client(): string {
    const random = this.#random;
    const device = random.pick(this.#devices);
    const connects = !device.isOnline || random.chance(this.#leanings.reconnect);
    if (!connects) {
      device.act();
      return `${device.user}/${device.device} acts`;
    }
    const server = this.#world.servers.findLast(({ door }) => door !== null);
    if (!server?.door) {
      return this.#world.servers.length === 0 ? this.#world.launch() : "nobody is there";
    }
    this.#oracle.count("connections");
    device.connect(server, server.door);
    return `${device.user}/${device.device} connects`;
  }

  /** Ends all faults, and sees that everything comes to its end. */
  async #heal(): Promise<void> {
    this.#world.mode = "well";
    const { newest, servers } = this.#world;
    for (const server of servers) {
      if (server === newest && !server.isEnding) continue;
      server.kill(() => true);
      this.#oracle.trouble();
    }
    for (const device of this.#devices) device.becomeGood();
    for (const link of this.#world.links) link.notice();
    this.#note("everything is healed");
    await this.#rest(() => this.#devices.every((device) => device.isDone));
    // Whoever was refused is sent it again after its time; what was expired is swept.
    const moment = this.#clock.monotonic() + 90_000;
    await this.#rest(() => this.#clock.monotonic() > moment);
    await drain(this.#world, this.#users, (until) => this.#rest(until));
    await this.#rest(() => this.#devices.every((device) => device.isDone));
    this.#world.checkDisk();
    this.#checkTold();
    this.#oracle.checkEnd();
    await this.#settled();
    await this.#closeAll();
  }

  #checkTold(): void {
    for (const device of this.#devices) {
      for (const link of device.links) {
        if (this.#oracle.isEmptyTold(link)) continue;
        this.#oracle.violated(`queue.empty: never told to ${device.user}/${device.device}`);
      }
    }
    const users = this.#world.newest?.users;
    const online = new Set(this.#devices.map(({ user }) => user)).size;
    if (users !== online) this.#oracle.violated(`I7: ${users} users are here, not ${online}`);
  }

  /** Stops the server as it should be, and looks at what it left. */
  async #closeAll(): Promise<void> {
    const server = this.#world.newest;
    server?.stop();
    await this.#rest(() => server?.state === "over");
    if ((server?.users ?? 0) !== 0) this.#oracle.violated("I7: a stopped server has users");
    this.#world.checkDisk();
    await this.#settled();
  }

  /** Lets things happen, without faults, until something holds. */
  async #rest(until: () => boolean): Promise<void> {
    for (let steps = 0; !until(); steps++) {
      if (steps > REST_STEPS_MAX) {
        this.#oracle.violated("Everything is healed and nothing comes to its end");
      }
      this.#do(this.#chooseWell());
      await this.#settled();
    }
  }

  #chooseWell(): () => string {
    const random = this.#random;
    if (this.#world.servers.every(({ state }) => state === "over")) {
      this.#world.servers = [];
      return () => this.#world.launch();
    }
    // Whoever is told to retry later does so at once.
    if (random.chance(0.01)) return () => this.#world.pass(1000);
    const work = random.chance(0.5) ? this.#world.diskWork() : this.#world.network();
    const other = this.#world.diskWork() ?? this.#world.network();
    const clients = this.#devices.filter((device) => !device.isDone);
    if (clients.length > 0 && random.chance(0.3)) {
      return () => {
        const device = random.pick(clients);
        const server = this.#world.newest;
        if (device.isOnline) device.act();
        else if (server?.door) device.connect(server, server.door);
        return `${device.user}/${device.device} comes to its end`;
      };
    }
    return work ?? other ?? (() => this.#world.pass(1000));
  }
}
