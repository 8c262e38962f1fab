import assert from "node:assert/strict";
import { addressGroup, createClientAddresses, isNetwork } from "./client_address.ts";

Deno.test("ClientAddresses.of() answers the TCP peer where no proxy is trusted", () => {
  const addresses = createClientAddresses([]);
  assert.equal(addresses.of("203.0.113.5", null), "203.0.113.5");
  assert.equal(addresses.of("203.0.113.5", "198.51.100.7"), "203.0.113.5");
  assert.equal(addresses.of("127.0.0.1", "198.51.100.7"), "127.0.0.1");
});

Deno.test("ClientAddresses.of() stops at the first untrusted address from the right", () => {
  const addresses = createClientAddresses(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
  const cases: readonly [peer: string, header: string | null, client: string][] = [
    ["10.1.1.1", null, "10.1.1.1"],
    ["10.1.1.1", "198.51.100.7", "198.51.100.7"],
    ["10.1.1.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"],
    ["10.1.1.1", "1.1.1.1, 198.51.100.7, 192.0.2.1", "198.51.100.7"],
    ["10.1.1.1", "1.1.1.1,198.51.100.7,2001:db8::9,10.255.255.255", "198.51.100.7"],
    ["11.1.1.1", "198.51.100.7", "11.1.1.1"],
    ["192.0.2.1", "192.0.2.2", "192.0.2.2"],
    ["192.0.2.2", "198.51.100.7", "192.0.2.2"],
    ["2001:db8:ffff::1", "2001:db9::1", "2001:db9::1"],
    // All of them are proxies: the one that is furthest away counts.
    ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ];
  for (const [peer, header, client] of cases) {
    assert.equal(addresses.of(peer, header), client, `${peer} with ${header}`);
  }
});

Deno.test("ClientAddresses.of() reads mapped addresses, ports and brackets", () => {
  const addresses = createClientAddresses(["10.0.0.0/8", "::1"]);
  const cases: readonly [peer: string, header: string | null, client: string][] = [
    ["::ffff:203.0.113.5", null, "203.0.113.5"],
    ["::FFFF:CB00:7105", null, "203.0.113.5"],
    ["::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"],
    ["10.0.0.1", "198.51.100.7:4711", "198.51.100.7"],
    ["10.0.0.1", "[2001:DB8:0:0::7]:4711", "2001:db8::7"],
    ["10.0.0.1", "[2001:db8::7]", "2001:db8::7"],
    ["10.0.0.1", " fe80::1%eth0 ", "fe80::1"],
    ["0:0:0:0:0:0:0:1", "198.51.100.7", "198.51.100.7"],
  ];
  for (const [peer, header, client] of cases) {
    assert.equal(addresses.of(peer, header), client, `${peer} with ${header}`);
  }
});

Deno.test("ClientAddresses.of() keeps the proxy's address where the header means nothing", () => {
  const addresses = createClientAddresses(["10.0.0.1", "0.0.0.0/0"]);
  const worthless = [
    "",
    ",",
    "unknown",
    "198.51.100.7, _hidden",
    "198.51.100.7, 999.1.1.1",
    "198.51.100.7, 1.2.3",
    "198.51.100.7, 01.2.3.4",
    "[::1",
    "198.51.100.7:123456",
    "%",
    "fe80::1%",
    "\u0000",
    "constructor",
  ];
  for (const header of worthless) {
    assert.equal(addresses.of("10.0.0.1", header), "10.0.0.1", header);
  }
});

Deno.test("ClientAddresses.of() looks at a bounded number of hops", () => {
  const addresses = createClientAddresses(["0.0.0.0/0"]);
  const header = Array.from({ length: 20 }, (_, hop) => `10.0.0.${hop}`).join(", ");
  assert.equal(addresses.of("10.0.1.0", header), "10.0.0.4");
});

Deno.test("ClientAddresses.of() answers a peer that has no IP address as it is", () => {
  const addresses = createClientAddresses(["0.0.0.0/0", "::/0"]);
  assert.equal(addresses.of("/run/titan.sock", "198.51.100.7"), "/run/titan.sock");
  assert.equal(addresses.of("", null), "");
});

Deno.test("ClientAddresses.exempt() leaves loopback out unless it is a trusted proxy", () => {
  const direct = createClientAddresses(["10.0.0.1"]);
  for (const address of ["127.0.0.1", "127.8.9.10", "::1"]) assert.ok(direct.exempt(address));
  for (const address of ["10.0.0.1", "128.0.0.1", "127.evil.example", "::2", ""]) {
    assert.ok(!direct.exempt(address), address);
  }
  const proxied = createClientAddresses(["127.0.0.1"]);
  assert.ok(!proxied.exempt("127.0.0.1"));
  assert.ok(proxied.exempt("::1"));
});

Deno.test("ClientAddresses.of() lets no remote proxy make its client exempt", () => {
  const addresses = createClientAddresses(["10.0.0.1", "127.0.0.1"]);
  assert.equal(addresses.of("10.0.0.1", "127.0.0.2"), "10.0.0.1");
  assert.equal(addresses.of("10.0.0.1", "::ffff:127.0.0.2"), "10.0.0.1");
  assert.equal(addresses.of("127.0.0.1", "127.0.0.2"), "127.0.0.2");
});

Deno.test("createClientAddresses() refuses what is no network", () => {
  assert.throws(() => createClientAddresses(["10.0.0.1/33"]), TypeError);
});

Deno.test("isNetwork() knows addresses and CIDR of both families", () => {
  for (const text of ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::1", "2001:db8::/128", "::/0"]) {
    assert.ok(isNetwork(text), text);
  }
  const wrong = ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0.0/-1"];
  for (const text of [...wrong, "10.0.0.0/1e1", "localhost", "10.0.0", "fe80::1%eth0", " ::1"]) {
    assert.ok(!isNetwork(text), text);
  }
});

Deno.test("addressGroup() groups IPv6 by /64 and leaves the rest alone", () => {
  assert.equal(addressGroup("203.0.113.5"), "203.0.113.5");
  assert.equal(addressGroup("::ffff:203.0.113.5"), "203.0.113.5");
  assert.equal(addressGroup("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.equal(addressGroup("2001:db8:1:2::"), "2001:db8:1:2::/64");
  assert.equal(addressGroup("2001:db8::1"), "2001:db8:0:0::/64");
  assert.equal(addressGroup("2001:db8::3:4:5:6"), "2001:db8:0:0::/64");
  assert.equal(addressGroup("::1"), "0:0:0:0::/64");
  assert.notEqual(addressGroup("2001:db8:0:1::1"), addressGroup("2001:db8:0:2::1"));
  assert.equal(addressGroup("memory"), "memory");
});
