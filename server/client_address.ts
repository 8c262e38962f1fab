/**
 * Whose address a connection counts under: the TCP peer's, or what a trusted proxy says of its own
 * peer in `X-Forwarded-For`.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";

/** Forwarded hops that are looked at: far more proxies than anybody chains. */
const HOPS_MAX = 16;

/** Finds out who is at the other end. */
export interface ClientAddresses {
  /**
   * The client's address, in its shortest form; an IPv4-mapped IPv6 address answers as IPv4.
   *
   * The header is believed from the right, as far as each hop is a trusted proxy: what stands left
   * of the first untrusted address was written by the client and means nothing.
   *
   * @param peer the address of the TCP peer
   * @param forwardedFor the `X-Forwarded-For` header, or null; several headers joined by commas
   */
  of(peer: string, forwardedFor: string | null): string;
  /**
   * Whether limits per address leave this address out: loopback, for local tools and tests. A
   * proxy on loopback brings strangers, so it is not exempt where it is trusted.
   */
  exempt(address: string): boolean;
}

/**
 * Prepares the rules for a list of trusted proxies.
 *
 * @param trusted addresses and networks (CIDR), as {@linkcode isNetwork} allows them
 * @throws {TypeError} an entry is neither an address nor a network.
 */
export function createClientAddresses(trusted: readonly string[]): ClientAddresses {
  const proxies = new BlockList();
  for (const network of trusted) addNetwork(proxies, network);
  const isProxy = (address: string) =>
    proxies.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  return {
    of(peer, forwardedFor) {
      let hop = normalAddress(peer) ?? peer;
      const entries = forwardedFor === null ? [] : forwardedFor.split(",").slice(-HOPS_MAX);
      while (isProxy(hop)) {
        const next = forwardedAddress(entries.pop() ?? "");
        // A proxy on another machine that names loopback means itself: that must exempt nobody.
        if (next === undefined || (isLoopback(next) && !isLoopback(hop))) break;
        hop = next;
      }
      return hop;
    },
    exempt: (address) => isLoopback(address) && !isProxy(address),
  };
}

/** Whether a text is an IPv4 or IPv6 address, or a network in CIDR notation. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/**
 * What an address counts under in a limit: an IPv4 address itself, an IPv6 address its /64, since
 * one customer is commonly given at least that much. Anything else counts as itself.
 */
export function addressGroup(address: string): string {
  const normal = normalAddress(address);
  if (normal === undefined || isIP(normal) !== 6) return normal ?? address;
  const [head = "", tail = ""] = normal.split("::");
  const left = head.split(":").filter((part) => part !== "");
  const right = tail.split(":").filter((part) => part !== "");
  const zeros = new Array<string>(8 - left.length - right.length).fill("0");
  return [...left, ...zeros, ...right].slice(0, 4).join(":") + "::/64";
}

interface Network {
  readonly address: string;
  readonly family: "ipv4" | "ipv6";
  readonly prefix: number;
}

function parseNetwork(text: string): Network | undefined {
  const [address = "", prefixText, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || address.includes("%") || rest.length > 0) return undefined;
  const bits = version === 6 ? 128 : 32;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return undefined;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits) return undefined;
  return { address, family: version === 6 ? "ipv6" : "ipv4", prefix };
}

function addNetwork(list: BlockList, text: string): void {
  const network = parseNetwork(text);
  if (network === undefined) {
    throw new TypeError(`Cannot trust "${text}": it is not an address or a network`);
  }
  list.addSubnet(network.address, network.prefix, network.family);
}

/** The shortest form of an address, without a zone; undefined where it is none. */
function normalAddress(text: string): string | undefined {
  const version = isIP(text);
  if (version !== 6) return version === 4 ? text : undefined;
  const [bare = text] = text.split("%");
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  // RFC 4291 §2.5.5.2: the last 32 bits are an IPv4 address.
  return [mapped[1], mapped[2]]
    .map((part) => parseInt(part ?? "0", 16))
    .map((word) => `${word >> 8}.${word & 255}`)
    .join(".");
}

/** One entry of the header: some proxies add the port, and then brackets around IPv6. */
function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim();
  const withPort = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text) ?? /^([\d.]+):\d{1,5}$/.exec(text);
  return normalAddress(withPort?.[1] ?? text);
}

function isLoopback(address: string): boolean {
  return address === "::1" || (address.startsWith("127.") && isIP(address) === 4);
}
