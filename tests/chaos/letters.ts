/**
 * What becomes of messages with a time to live while the server's clock jumps: they end by that
 * clock, and no other message does.
 *
 * @module
 */
import assert from "node:assert/strict";
import { TestClient } from "../harness/client.ts";
import { patiently } from "./patiently.ts";

/** A server, and who signs tokens that it takes whatever its clock says. */
export interface LetterBox {
  readonly url: string;
  readonly sign: (user: string) => Promise<string>;
}

/** Who is away meanwhile, and who writes. */
const READER = "clock-reader";
const WRITER = "clock-writer";

/** Texts, and seconds for which they live: less than the hour that the clock jumps, and more. */
const LETTERS: ReadonlyMap<string, number> = new Map([["short-lived", 1800], ["long-lived", 7200]]);

/** Leaves the letters for somebody who is away. */
export async function postLetters({ url, sign }: LetterBox): Promise<void> {
  {
    await using _reader = await connect({ url, sign }, READER);
  }
  await using writer = await connect({ url, sign }, WRITER);
  for (const [text, ttl] of LETTERS) {
    await patiently(() => writer.sendMessage(READER, text, { ttl }));
  }
}

/**
 * Gets what is left of them.
 *
 * @param jumpMs how far the clock has jumped since they were left
 * @throws {AssertionError} one is missing, or has come though its time was over.
 */
export async function collectLetters({ url, sign }: LetterBox, jumpMs: number): Promise<void> {
  await using reader = await connect({ url, sign }, READER);
  await reader.until(() => reader.empties > 0 || undefined, "all letters");
  const due = [...LETTERS].filter(([, seconds]) => seconds * 1000 > jumpMs);
  assert.deepEqual(reader.messages.map(({ message }) => message), due.map(([text]) => text));
}

function connect({ url, sign }: LetterBox, user: string): Promise<TestClient> {
  return patiently(async () => await TestClient.connect(url, { token: await sign(user) }));
}
