/**
 * The few places that all services share which are not known to work.
 *
 * @module
 */

/** Options for {@linkcode Gate}. */
export interface GateOptions<T> {
  /** How many may be inside at a time. */
  readonly max: number;
  /** How many of them for one service. */
  readonly serviceMax: number;
  /** Called with one that waited, once it may go. */
  readonly called: (one: T) => void;
}

/**
 * Lets a number in at a time. The services take turns, however many wait for each: one of which
 * thousands wait does not hold up another.
 */
export class Gate<T> implements Disposable {
  readonly #options: GateOptions<T>;
  readonly #inside = new Set<T>();
  /** How many are inside, by service. */
  readonly #taken = new Map<string, number>();
  /** By service; the next to have its turn is first. */
  readonly #waiting = new Map<string, Set<T>>();
  #isClosed = false;

  /** Starts with nobody inside. */
  constructor(options: GateOptions<T>) {
    this.#options = options;
  }

  /** Lets one in; or it waits, until it is called or leaves. */
  enter(one: T, service: string): boolean {
    if (this.#inside.has(one)) return true;
    if (this.#hasRoom && this.#isFree(service)) {
      this.#admit(one, service);
      return true;
    }
    const line = this.#waiting.get(service) ?? new Set();
    this.#waiting.set(service, line.add(one));
    return false;
  }

  /** One goes, from inside or out of the line. */
  leave(one: T, service: string): void {
    const line = this.#waiting.get(service);
    if (line?.delete(one) && line.size === 0) this.#waiting.delete(service);
    if (!this.#inside.delete(one)) return;
    const taken = (this.#taken.get(service) ?? 0) - 1;
    if (taken > 0) this.#taken.set(service, taken);
    else this.#taken.delete(service);
    this.#call();
  }

  /** A service needs no place here any more: whoever waits for it may go. */
  open(service: string): void {
    const line = this.#waiting.get(service);
    this.#waiting.delete(service);
    if (this.#isClosed) return;
    for (const one of line ?? []) this.#options.called(one);
  }

  /** Calls nobody any more. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
  }

  get #hasRoom(): boolean {
    return this.#inside.size < this.#options.max;
  }

  #isFree(service: string): boolean {
    return (this.#taken.get(service) ?? 0) < this.#options.serviceMax;
  }

  #admit(one: T, service: string): void {
    this.#inside.add(one);
    this.#taken.set(service, (this.#taken.get(service) ?? 0) + 1);
  }

  #call(): void {
    for (const [service, line] of this.#waiting) {
      if (this.#isClosed || !this.#hasRoom) return;
      const [one] = line;
      if (one === undefined || !this.#isFree(service)) continue;
      line.delete(one);
      // Its next turn is behind those of the others, in this same loop at the earliest.
      this.#waiting.delete(service);
      if (line.size > 0) this.#waiting.set(service, line);
      this.#admit(one, service);
      this.#options.called(one);
    }
  }
}
