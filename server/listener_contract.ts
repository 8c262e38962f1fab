/**
 * The suite that every listener passes, over real sockets on 127.0.0.1. A listener's test file
 * begins with one call:
 *
 * ```ts ignore
 * testListener("listenWs()", { listen: listenWs, skip: new Map() });
 * ```
 *
 * The suite knows the ports and nothing else of a listener.
 *
 * @module
 */
import assert from "node:assert/strict";
import { closingTests } from "./contract/closing_contract.ts";
import { framesTests } from "./contract/frames_contract.ts";
import { handshakeTests } from "./contract/handshake_contract.ts";
import { httpTests } from "./contract/http_contract.ts";
import { lifecycleTests } from "./contract/lifecycle_contract.ts";
import { type ListenerTest, ListenerWorld } from "./contract/listener_world.ts";
import { malformedTests } from "./contract/malformed_contract.ts";
import type { Listen } from "./listener.ts";

const TESTS: readonly ListenerTest[] = [
  ...handshakeTests,
  ...framesTests,
  ...closingTests,
  ...malformedTests,
  ...httpTests,
  ...lifecycleTests,
];

/** A listener under test. */
export interface ListenerHarness {
  /** How it is opened. */
  readonly listen: Listen;
  /** Tests that it cannot pass, by name, and why. */
  readonly skip: ReadonlyMap<string, string>;
}

/**
 * Registers the tests of the contract for one listener.
 *
 * @param name what the tests call the listener
 * @param harness how it is opened, and what it cannot do
 */
export function testListener(name: string, { listen, skip }: ListenerHarness): void {
  for (const test of TESTS.filter((test) => !skip.has(test.name))) {
    Deno.test(`${name} ${test.name}`, async () => {
      await using world = await ListenerWorld.open(listen);
      await test.run(world);
    });
  }

  Deno.test(`${name} rejects where somebody else listens`, async () => {
    await using world = await ListenerWorld.open(listen);
    const { hostname, port } = world.listener;
    await assert.rejects(listen({ hostname, port }, world), Deno.errors.AddrInUse);
    assert.equal(await (await fetch(world.url)).text(), "plain\n");
  });

  Deno.test(`${name} skips only tests that the contract has`, () => {
    const names = new Set(TESTS.map((test) => test.name));
    assert.deepEqual([...skip.keys()].filter((test) => !names.has(test)), []);
  });
}
