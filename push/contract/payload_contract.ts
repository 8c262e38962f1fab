/**
 * The contract of what arrives: all that a push says, within the limit of its service.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PAYLOAD_BYTES_MAX, type PushContent, type PushProvider } from "../push.ts";
import type { SeenPush } from "./harness.ts";
import type { ProviderTest, ProviderWorld, PushParts } from "./provider_world.ts";

/** Texts whose characters take 1, 2 (escaped), 3, 4 and 6 (escaped) bytes each. */
const CHARACTERS = ["a", '"', "€", "\u{1F955}", "\u0001"];

/** Tests of what the service reads. */
export const payloadTests: readonly ProviderTest[] = [
  {
    name: "send() tells the service all that the push says",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      const contents: PushContent[] = [
        { badge: 3, fetch: false, sender: "ann@x.test", text: 'A "text" of <\u{1F955}>\n\t\u0001' },
        { badge: 1, fetch: true, sender: "Ann \u00c5ngstr\u00f6m" },
        { badge: 0, fetch: true },
        { badge: 0, fetch: false, nonce: "AbCd-_12" },
        // A word that is empty is a word all the same.
        { badge: 9999, fetch: false, text: "" },
      ];
      for (const content of contents) {
        assert.deepEqual((await arrival(world, provider, { content })).content, content);
      }
    },
  },
  {
    name: "send() tells the service for whom, how urgent, until when and in whose place",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      const parts = [
        { urgent: true, collapse: "a", expires: world.clock.now() + 1000 },
        { urgent: false, collapse: "-_0123456789abcdefghijABCDEFGHIJ", expires: days(world, 28) },
      ];
      for (const [index, part] of parts.entries()) {
        const seen = await arrival(world, provider, part, index);
        const { token, urgent, collapse, expires } = seen;
        const expected = { token: world.service.target(index).token, ...part };
        assert.deepEqual({ token, urgent, collapse, expires }, expected);
      }
    },
  },
  {
    // Part of a second more or less is nothing; that it is kept at all would be too long.
    name: "send() has a push that is past its time delivered now or never",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      for (const past of [0, 1, 3_600_000]) {
        const { expires } = await arrival(world, provider, { expires: world.clock.now() - past });
        assert.ok(expires <= world.clock.now(), `${expires - world.clock.now()} ms too late`);
      }
    },
  },
  {
    // Four weeks are the most that FCM and Web Push services take; a longer time is no fault.
    name: "send() has a push with a time of years kept for days at least",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      const { expires } = await arrival(world, provider, { expires: days(world, 3650) });
      assert.ok(expires >= days(world, 28), `${expires - world.clock.now()} ms`);
    },
  },
  ...CHARACTERS.map((character): ProviderTest => ({
    // The device would show half a text as if it were whole; so it gets all of it or none.
    name: `send() leaves a text out as soon as the limit is passed, of ${
      JSON.stringify(character)
    }`,
    needs: [],
    async run(world) {
      const provider = await world.connect();
      const isWhole = async (length: number) => {
        const text = character.repeat(length);
        const content = { badge: 1, fetch: false, sender: "ann@x.test", text };
        const seen = await arrival(world, provider, { content });
        const { text: _text, ...rest } = content;
        assert.ok(seen.payloadBytes <= PAYLOAD_BYTES_MAX, `${seen.payloadBytes} bytes`);
        const whole = seen.content.text !== undefined;
        assert.deepEqual(seen.content, whole ? content : { ...rest, fetch: true });
        return { whole, bytes: seen.payloadBytes };
      };
      let [fits, passes] = [0, PAYLOAD_BYTES_MAX];
      let bytes = 0;
      while (passes - fits > 1) {
        const middle = Math.floor((fits + passes) / 2);
        const seen = await isWhole(middle);
        if (seen.whole) [fits, bytes] = [middle, seen.bytes];
        else passes = middle;
      }
      // What is left out would not have gone in: no room is given away.
      assert.ok(bytes > PAYLOAD_BYTES_MAX - 16, `${fits} characters took ${bytes} bytes`);
      assert.ok((await isWhole(PAYLOAD_BYTES_MAX * 12)).whole === false);
    },
  })),
  {
    name: "send() leaves a sender out too that passes the limit alone",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      const content = { badge: 7, fetch: false, sender: "\u{1F955}".repeat(1100), nonce: "n" };
      const seen = await arrival(world, provider, { content });
      assert.ok(seen.payloadBytes <= PAYLOAD_BYTES_MAX);
      assert.deepEqual(seen.content, { badge: 7, fetch: true, nonce: "n" });
    },
  },
  {
    // Half of a surrogate pair cannot be written in UTF-8.
    name: "send() sends a text that is not well-formed all the same",
    needs: [],
    async run(world) {
      const provider = await world.connect();
      const content = { badge: 1, fetch: false, text: "a\ud83eb" };
      const { content: { text } } = await arrival(world, provider, { content });
      assert.equal(text?.toWellFormed(), "a\ufffdb");
    },
  },
];

/** Sends a push that the service takes, and answers how it arrived. */
async function arrival(
  world: ProviderWorld,
  provider: PushProvider,
  parts: PushParts,
  index = 0,
): Promise<SeenPush> {
  const outcome = await world.send(provider, world.push(index, parts));
  assert.equal(outcome.kind, "accepted", JSON.stringify(outcome));
  const seen = world.service.seen.at(-1);
  assert.ok(seen !== undefined);
  return seen;
}

/** A time so many days from now. */
function days(world: ProviderWorld, count: number): number {
  return world.clock.now() + count * 86_400_000;
}
