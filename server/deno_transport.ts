/**
 * One WebSocket of `Deno.serve` as a {@linkcode Transport}. What Deno's socket does not say, and
 * what is done about it (seen on Deno 2.9.6):
 *
 * - It cannot be cut. `terminate` closes it, tells the owner that it is over, and leaves the socket
 *   lingering until its close event: a peer that answers nothing keeps it, and what was queued to
 *   it, for as long as it likes.
 * - The close event comes before the socket is gone where bytes are still queued to a peer that
 *   does not read; a second close event may follow, or none. So where the backlog was large when
 *   it was last looked at, the socket counts as lingering for {@linkcode LINGER_MS_MAX} more.
 * - The handshake of a peer that leaves in the middle of it may end in no event at all. The socket
 *   is then lost until the process ends; it counts for {@linkcode OPENING_MS_MAX}.
 * - Its close frame is not sent where a frame of the peer is told between the call and the next turn
 *   of the event loop, so closing waits until a turn went by without one, and is called at the end of
 *   that turn: from a timer there is a look at what came in between. A peer that never pauses loses
 *   the code and sees its connection cut.
 * - A frame of up to 64 MiB, and a message in any number of fragments, is in memory before anybody
 *   is told of it, and a close does not stop that. Nothing can be done about it here: where
 *   strangers can connect, take the listener of `ws_listener.ts`.
 *
 * @module
 */
import { FRAME_BYTES_MAX } from "../limits.ts";
import { AcceptedTransport } from "./accepted_transport.ts";
import type { Deadlines, Expiring } from "./deadlines.ts";
import type { UpgradeAcceptance } from "./listener.ts";
import { CLOSE_MS_MAX } from "./transport.ts";
import type { Turns } from "./turns.ts";
import { isLongerThan } from "./utf8_text.ts";

/**
 * How long a handshake that came to nothing counts, in milliseconds: as long as a connection that
 * says nothing could have kept its place.
 */
const OPENING_MS_MAX = 10_000;

/**
 * How long a socket counts whose close event may be early, in milliseconds: about as long as Linux
 * keeps resending to a peer that is gone.
 */
const LINGER_MS_MAX = 15 * 60_000;

/** Queued bytes that a peer which reads does not leave lying for long. */
const BACKLOG_BYTES_MAX = 64 * 1024;

/** Turns of the event loop that a close waits for a peer to fall silent. */
const CLOSE_TURNS_MAX = 50;

/** What the transports of one listener share. */
export interface DenoTransportHost {
  /** For handshakes, closes and sockets that are slow to go. */
  readonly deadlines: Deadlines;
  /** For closes that wait for a peer to fall silent. */
  readonly turns: Turns;
  /** Hears what an owner threw. */
  readonly fault: (error: unknown) => void;
  /** The socket is gone. */
  readonly forget: (transport: DenoTransport) => void;
}

/**
 * One WebSocket of `Deno.serve`. It is its own event listener: a handler property (`onmessage`, ...)
 * would cost a closure, a wrapper and a place in a map for each of the four events.
 */
export class DenoTransport extends AcceptedTransport implements EventListenerObject, Expiring {
  readonly #socket: WebSocket;
  readonly #host: DenoTransportHost;
  /** `bufferedBytes` when somebody last looked. */
  #backlog = 0;
  /** Whether a frame came since the last turn of a close. */
  #isBusy = false;

  /**
   * Listens to a socket that is about to open.
   *
   * @param socket what `Deno.upgradeWebSocket` gave
   * @param acceptance what the server decided on the upgrade
   * @param host what it shares
   */
  constructor(socket: WebSocket, acceptance: UpgradeAcceptance, host: DenoTransportHost) {
    super(acceptance, host.fault);
    this.#socket = socket;
    this.#host = host;
    socket.addEventListener("open", this);
    socket.addEventListener("message", this);
    socket.addEventListener("error", this);
    socket.addEventListener("close", this);
    host.deadlines.set(this, OPENING_MS_MAX);
  }

  /** Whether the owner is rid of the socket, and the operating system is not. */
  get isLingering(): boolean {
    return this.stage === "over";
  }

  get bufferedBytes(): number {
    if (this.isOpen) this.#backlog = this.#socket.bufferedAmount;
    return this.#backlog;
  }

  send(frame: string): void {
    if (this.isOpen) this.#socket.send(frame);
  }

  handleEvent(event: Event): void {
    switch (event.type) {
      case "message":
        return this.#message((event as MessageEvent).data);
      case "open":
        this.#host.deadlines.clear(this);
        return this.opened();
      case "error":
        // Any other error is followed by a close event.
        if (this.stage === "opening") this.gone();
        return;
      case "close":
        return this.#closed();
    }
  }

  override shut(code: number, reason: string): void {
    this.#backlog = this.#socket.bufferedAmount;
    this.#host.deadlines.set(this, CLOSE_MS_MAX);
    this.#isBusy = true;
    this.#closeWhenSilent(code, reason, CLOSE_TURNS_MAX);
  }

  override cut(): void {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#backlog = this.#socket.bufferedAmount;
      this.#socket.close();
    }
    this.#host.deadlines.clear(this);
  }

  override gone(): void {
    this.#host.deadlines.clear(this);
    this.#host.forget(this);
    super.gone();
  }

  expire(): void {
    if (this.stage !== "closing") return this.gone();
    // A peer that does not answer a close keeps its socket, so nothing is released.
    this.cut();
    this.ended();
  }

  #closeWhenSilent(code: number, reason: string, turns: number): void {
    if (this.stage !== "closing") return;
    if (!this.#isBusy || turns === 0) return this.#socket.close(code, reason);
    this.#isBusy = false;
    this.#host.turns.next(() => this.#closeWhenSilent(code, reason, turns - 1));
  }

  #message(data: unknown): void {
    this.#isBusy = true;
    if (typeof data !== "string") this.refuse("binary");
    else if (isLongerThan(data, FRAME_BYTES_MAX)) this.refuse("too_long");
    else this.heard(data);
  }

  #closed(): void {
    if (this.#backlog <= BACKLOG_BYTES_MAX) return this.gone();
    // The next close event is believed.
    this.#backlog = 0;
    this.ended();
    this.#host.deadlines.set(this, LINGER_MS_MAX);
  }
}
