/**
 * Which addresses are on the public internet, and which are of networks that only an insider
 * reaches.
 *
 * @module
 */
import { BlockList, isIPv4, isIPv6 } from "node:net";

/** A network: its first address, and how many of its bits are the network's. */
type Network = readonly [address: string, bits: number];

/** What is not globally reachable (IANA IPv4 Special-Purpose Address Registry), and multicast. */
const IPV4_SPECIAL: readonly Network[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private
  ["100.64.0.0", 10], // shared, for carrier-grade NAT
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local; clouds tell their machines secrets there
  ["172.16.0.0", 12], // private
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

/** All of IPv6 that is given out as global unicast (RFC 4291 §2.4). */
const IPV6_GLOBAL: readonly Network[] = [["2000::", 3]];

/** What of it is not globally reachable (IANA IPv6 Special-Purpose Address Registry). */
const IPV6_SPECIAL: readonly Network[] = [
  ["2001::", 23], // protocol assignments; Teredo, which leads to IPv4
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4, which leads to IPv4
  ["3fff::", 20], // documentation
];

/** Networks that have only IPv6 reach IPv4 through these (RFC 6052 §2.1). */
const NAT64: Network = ["64:ff9b::", 96];

const ipv4Special = listOf(IPV4_SPECIAL, "ipv4");
const ipv6Global = listOf([...IPV6_GLOBAL, NAT64], "ipv6");
const ipv6Special = listOf([...IPV6_SPECIAL, ...IPV4_SPECIAL.map(throughNat64)], "ipv6");

/**
 * Whether an address is one of the public internet. An IPv4 address in the form of IPv6
 * (`::ffff:8.8.8.8`) is none: no resolver answers it, and what it stands for depends on the machine.
 *
 * @param address an IP address in text, without brackets; everything else is not public
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !ipv4Special.check(address, "ipv4");
  if (!isIPv6(address) || address.includes("%")) return false;
  return ipv6Global.check(address, "ipv6") && !ipv6Special.check(address, "ipv6");
}

function listOf(networks: readonly Network[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [address, bits] of networks) list.addSubnet(address, bits, family);
  return list;
}

/** The addresses through which NAT64 reaches a network of IPv4. */
function throughNat64([address, bits]: Network): Network {
  const [prefix, prefixBits] = NAT64;
  return [`${prefix}${address}`, prefixBits + bits];
}
