/**
 * The circuits of the services that a kind of push has: one, or for Web Push any number.
 *
 * @module
 */
import { Circuit, type CircuitOptions } from "./circuit.ts";
import { Gate } from "./gate.ts";

/** Options for {@linkcode Circuits}. */
export interface CircuitsOptions<T> extends Omit<CircuitOptions<T>, "proved"> {
  /** How many there may be. */
  readonly max: number;
  /** How many may be inside at a time at all the services together that are not known to work. */
  readonly unprovenMax: number;
  /** How many of them at one. */
  readonly unprovenServiceMax: number;
}

/**
 * The circuits of services, made when they are needed. Anybody may name a service, so those that have
 * never answered, or failed last, share few places: they take none from the ones that work.
 */
export class Circuits<T> implements Disposable {
  readonly #options: CircuitsOptions<T>;
  /** By the name of the service; the one that was made first is first. */
  readonly #circuits = new Map<string, Circuit<T>>();
  readonly #gate: Gate<T>;

  /** Starts with no failures. */
  constructor(options: CircuitsOptions<T>) {
    this.#options = options;
    const { unprovenMax: max, unprovenServiceMax: serviceMax, called } = options;
    this.#gate = new Gate({ max, serviceMax, called });
  }

  /** How many are known. */
  get size(): number {
    return this.#circuits.size;
  }

  /**
   * The circuit of a service. Where there are as many as may be, one is forgotten in which nobody
   * is, if possible of a service that does not work.
   *
   * @returns null where there is room for no more: whoever sends has only its own backoff then
   */
  of(service: string): Circuit<T> | null {
    const known = this.#circuits.get(service);
    if (known !== undefined) return known;
    if (this.#circuits.size >= this.#options.max && !this.#forgetOne()) return null;
    const circuit = this.#create(service);
    this.#circuits.set(service, circuit);
    return circuit;
  }

  /** Lets one in to a service; or it waits, until it is called or leaves. */
  enter(service: string, one: T): boolean {
    const circuit = this.of(service);
    if (circuit !== null && !circuit.enter(one)) return false;
    return circuit?.isProven === true || this.#gate.enter(one, service);
  }

  /** One leaves the circuit of a service, which is forgotten where nothing is known of it. */
  leave(service: string, one: T): void {
    const circuit = this.#circuits.get(service);
    circuit?.leave(one);
    this.#gate.leave(one, service);
    if (circuit?.isIdle && !circuit.isProven) this.#circuits.delete(service);
  }

  /** Nobody is called any more. */
  [Symbol.dispose](): void {
    this.#gate[Symbol.dispose]();
    for (const circuit of this.#circuits.values()) circuit[Symbol.dispose]();
  }

  #create(service: string): Circuit<T> {
    const circuit: Circuit<T> = new Circuit({
      ...this.#options,
      called: (one) => {
        if (circuit.isProven || this.#gate.enter(one, service)) this.#options.called(one);
      },
      proved: () => this.#gate.open(service),
    });
    return circuit;
  }

  #forgetOne(): boolean {
    let found: string | undefined;
    for (const [service, circuit] of this.#circuits) {
      if (!circuit.isEmpty) continue;
      found ??= service;
      if (circuit.isProven) continue;
      found = service;
      break;
    }
    if (found === undefined) return false;
    this.#circuits.get(found)?.[Symbol.dispose]();
    this.#circuits.delete(found);
    return true;
  }
}
