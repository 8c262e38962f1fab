/**
 * The circuits of the services that a kind of push has: one, or for Web Push any number.
 *
 * @module
 */
import { Circuit, type CircuitOptions } from "./circuit.ts";

/** Options for {@linkcode Circuits}. */
export interface CircuitsOptions<T> extends CircuitOptions<T> {
  /** How many there may be. */
  readonly max: number;
}

/** The circuits of services, made when they are needed. */
export class Circuits<T> implements Disposable {
  readonly #options: CircuitsOptions<T>;
  /** By the name of the service; the one that was made first is first. */
  readonly #circuits = new Map<string, Circuit<T>>();

  /** Starts with no failures. */
  constructor(options: CircuitsOptions<T>) {
    this.#options = options;
  }

  /** How many are known. */
  get size(): number {
    return this.#circuits.size;
  }

  /**
   * The circuit of a service. Where there are as many as may be, one is forgotten in which nobody
   * is.
   *
   * @returns null where there is room for no more: whoever sends has only its own backoff then
   */
  of(service: string): Circuit<T> | null {
    const known = this.#circuits.get(service);
    if (known !== undefined) return known;
    if (this.#circuits.size >= this.#options.max && !this.#forgetOne()) return null;
    const circuit = new Circuit(this.#options);
    this.#circuits.set(service, circuit);
    return circuit;
  }

  /** One leaves the circuit of a service, which is forgotten where nothing is known of it. */
  leave(service: string, one: T): void {
    const circuit = this.#circuits.get(service);
    circuit?.leave(one);
    if (circuit?.isIdle) this.#circuits.delete(service);
  }

  /** Nobody is called any more. */
  [Symbol.dispose](): void {
    for (const circuit of this.#circuits.values()) circuit[Symbol.dispose]();
  }

  #forgetOne(): boolean {
    for (const [service, circuit] of this.#circuits) {
      if (!circuit.isEmpty) continue;
      circuit[Symbol.dispose]();
      this.#circuits.delete(service);
      return true;
    }
    return false;
  }
}
