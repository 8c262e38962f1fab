/**
 * The world of one contract test of a listener: a listener on a free port of 127.0.0.1, a server
 * behind it that writes down what it hears and answers as the test says, and a clock that only the
 * test moves.
 *
 * @module
 */
import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import type {
  Listen,
  Listener,
  ListenerHandler,
  UpgradeDecision,
  UpgradeRequest,
} from "../listener.ts";
import { CLOSE_MS_MAX, type Transport, type TransportHandler } from "../transport.ts";
import { type Handshake, RawPeer } from "./raw_peer.ts";

/** How long a test waits for what must happen, in milliseconds of real time. */
const PATIENCE_MS = 15_000;

/** One test of the contract. */
export interface ListenerTest {
  readonly name: string;
  run(world: ListenerWorld): Promise<void>;
}

/** What the server's side of one connection saw. */
export class Owner implements TransportHandler {
  readonly transport: Transport;
  readonly #world: ListenerWorld;
  /** Everything in order: `frame: ...`, `refused: ...`, `closed`, `released`. */
  readonly events: string[] = [];
  /** What it does with a frame. */
  onFrame: (text: string) => void = (text) => this.transport.send(text);
  /** What it does with a frame that was refused. */
  onRefused: (why: "binary" | "too_long") => void = (why) => {
    if (why === "binary") this.transport.close(1003, "Binary");
    else this.transport.close(1009, "Too long");
  };

  constructor(world: ListenerWorld, transport: Transport) {
    this.#world = world;
    this.transport = transport;
  }

  /** The texts of the frames that came. */
  get frames(): readonly string[] {
    return this.events.filter((event) => event.startsWith("frame: "))
      .map((event) => event.slice("frame: ".length));
  }

  frame(text: string): void {
    this.note(`frame: ${text}`);
    this.onFrame(text);
  }

  refused(why: "binary" | "too_long"): void {
    this.note(`refused: ${why}`);
    this.onRefused(why);
  }

  closed(): void {
    this.note("closed");
  }

  /** Writes down an event. */
  note(event: string): void {
    this.events.push(event);
    this.#world.changed();
  }

  /** Waits until this side is told that it is over. */
  async isClosed(): Promise<void> {
    await this.#world.until("closed", () => this.events.includes("closed"));
  }

  /** Waits until the socket is gone. */
  async isReleased(): Promise<void> {
    await this.#world.until("released", () => this.events.includes("released"));
  }
}

/** What one test sees. */
export class ListenerWorld implements ListenerHandler, AsyncDisposable {
  readonly clock = new FakeClock();
  readonly owners: Owner[] = [];
  readonly requests: UpgradeRequest[] = [];
  readonly faults: unknown[] = [];
  /** How often a socket was gone. */
  released = 0;
  /** Decides on an upgrade. */
  decide: (request: UpgradeRequest) => UpgradeDecision | Promise<UpgradeDecision> = () =>
    this.acceptance();
  /** Answers other requests. */
  respond: (request: Request, address: string) => Promise<Response> = () =>
    Promise.resolve(new Response("plain\n"));
  /** What a new owner does first. */
  onAccept: (owner: Owner) => void = () => {};
  #listener: Listener | undefined;
  #waiters: (() => void)[] = [];

  /** Opens a listener. */
  static async open(listen: Listen, heartbeatSeconds?: number): Promise<ListenerWorld> {
    const world = new ListenerWorld();
    const heartbeat = heartbeatSeconds === undefined ? {} : { heartbeatSeconds };
    const options = { hostname: "127.0.0.1", port: 0, clock: world.clock, ...heartbeat };
    world.#listener = await listen(options, world);
    return world;
  }

  get listener(): Listener {
    assert.ok(this.#listener !== undefined);
    return this.#listener;
  }

  get port(): number {
    return this.listener.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The decision to accept. */
  acceptance(protocol?: string): UpgradeDecision {
    let owner: Owner | undefined;
    return {
      address: "192.0.2.7",
      ...(protocol === undefined ? {} : { protocol }),
      accept: (transport) => {
        owner = new Owner(this, transport);
        this.owners.push(owner);
        this.onAccept(owner);
        this.changed();
        return owner;
      },
      released: () => {
        this.released++;
        owner?.note("released");
        this.changed();
      },
    };
  }

  upgrade(request: UpgradeRequest): UpgradeDecision | Promise<UpgradeDecision> {
    this.requests.push(request);
    this.changed();
    return this.decide(request);
  }

  http(request: Request, address: string): Promise<Response> {
    return this.respond(request, address);
  }

  notTaken(reason: string): void {
    this.faults.push(reason);
    this.changed();
  }

  fault(error: unknown): void {
    this.faults.push(error);
    this.changed();
  }

  /** Connects a peer, and answers it with the server's side. */
  async connect(handshake?: Handshake): Promise<{ peer: RawPeer; owner: Owner }> {
    const before = this.owners.length;
    const peer = await RawPeer.open(this.port, handshake);
    await this.until("accepted", () => this.owners.length > before);
    const owner = this.owners[before];
    assert.ok(owner !== undefined);
    return { peer, owner };
  }

  /** Something happened that somebody may wait for. */
  changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  /** Waits until something is so. What it is must be reported to `changed`. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const late = Promise.withResolvers<never>();
    const message = `Waited in vain until: ${what}`;
    const timer = setTimeout(() => late.reject(new Error(message)), PATIENCE_MS);
    try {
      while (!isSo()) {
        const changed = new Promise<void>((resolve) => this.#waiters.push(resolve));
        await Promise.race([changed, late.promise]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ending = this.listener[Symbol.asyncDispose]();
    // A test that failed may have left peers that do not go by themselves.
    this.clock.advance(CLOSE_MS_MAX);
    await ending;
  }
}
