/**
 * Which cids were surely never made rows: a Bloom filter that grows. It lets a new cid, as nearly
 * all are, be admitted without asking the disk.
 *
 * @module
 */

/** Memory that one filter takes, at most: good for about nine million keys. */
export const FILTER_BYTES_MAX = 16 * 1024 * 1024;

/** Memory of the first layer; each later one takes twice that of the one before. */
const LAYER_BYTES_MIN = 64 * 1024;

/** With these two a full layer errs for one key in 770, and eight full layers for one in 95. */
const BITS_PER_KEY = 14;
const PROBES = 8;

/** A Bloom filter of a fixed size. */
interface Layer {
  readonly words: Uint32Array;
  /** Bits less one: their number is a power of two. */
  readonly mask: number;
  /** Keys that may still be added before it errs too often. */
  room: number;
}

/** The two numbers from which the bits of a key are drawn. */
interface Hash {
  readonly first: number;
  readonly step: number;
}

/**
 * A set of cids of senders that may err: it may hold one that was never added, but never misses one
 * that was. Nothing can be taken out.
 */
export class CidFilter {
  readonly #seed: number;
  readonly #bytesMax: number;
  readonly #layers: Layer[] = [];
  #bytes = 0;

  /**
   * Makes an empty filter, which takes no memory yet.
   *
   * @param seed makes the errors those of this process alone, so that clients cannot prepare keys
   *   that are taken for one another. It need not be secret: such a key costs one read of the disk,
   *   and repeating an old cid costs the same.
   * @param bytesMax memory to take at most; one layer is taken in any case
   */
  constructor(seed: number, bytesMax: number = FILTER_BYTES_MAX) {
    this.#seed = seed;
    this.#bytesMax = bytesMax;
  }

  /** Memory that is taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a cid, for good. Once the memory is used up, every further one makes errors likelier.
   *
   * @param sender a hash of the sender: of two that share it, the cids are taken for one another
   */
  add(sender: number, cid: string): void {
    const hash = this.#hash(sender, cid);
    // One that is held, if only by mistake, is held for good.
    if (this.#holds(hash)) return;
    const layer = this.#open();
    layer.room--;
    const { words, mask } = layer;
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = hash.first + probe * hash.step;
      const at = (bit & mask) >>> 5;
      words[at] = (words[at] ?? 0) | 1 << (bit & 31);
    }
  }

  /** Whether a cid of a sender may have been added; false is certain. */
  has(sender: number, cid: string): boolean {
    return this.#layers.length > 0 && this.#holds(this.#hash(sender, cid));
  }

  #holds({ first, step }: Hash): boolean {
    // The newest layer is the largest.
    for (let index = this.#layers.length - 1; index >= 0; index--) {
      const layer = this.#layers[index];
      if (layer !== undefined && isIn(layer, first, step)) return true;
    }
    return false;
  }

  /** The layer that takes the next key. */
  #open(): Layer {
    const last = this.#layers.at(-1);
    if (last !== undefined && last.room > 0) return last;
    const bytes = last === undefined ? LAYER_BYTES_MIN : 2 * last.words.byteLength;
    if (last !== undefined && this.#bytes + bytes > this.#bytesMax) return last;
    const words = new Uint32Array(bytes / Uint32Array.BYTES_PER_ELEMENT);
    const layer = { words, mask: 8 * bytes - 1, room: Math.floor(8 * bytes / BITS_PER_KEY) };
    this.#layers.push(layer);
    this.#bytes += bytes;
    return layer;
  }

  /** FNV-1a twice over, from two starts, each mixed at the end so that every bit counts. */
  #hash(sender: number, cid: string): Hash {
    let first = mix(FNV_START ^ this.#seed ^ sender);
    let step = mix(first);
    for (let index = 0; index < cid.length; index++) {
      const unit = cid.charCodeAt(index);
      first = Math.imul(first ^ unit, FNV_PRIME);
      step = Math.imul(step ^ unit, STEP_PRIME);
    }
    // An odd step visits as many bits as there are probes: the number of bits is a power of two.
    return { first: mix(first), step: mix(step) | 1 };
  }
}

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Another factor, so that two keys that meet in one hash do not meet in the other. */
const STEP_PRIME = 0x9e3779b1;

function isIn({ words, mask }: Layer, first: number, step: number): boolean {
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = first + probe * step;
    const word = words[(bit & mask) >>> 5] ?? 0;
    if ((word >>> (bit & 31) & 1) === 0) return false;
  }
  return true;
}

/** Spreads every bit over all others (the finalizer of MurmurHash3). */
function mix(hash: number): number {
  let mixed = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return mixed ^ mixed >>> 16;
}
