/**
 * What many sleeping devices may expect, at any size: each scene plays with a server of its own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { PUSHES_IN_FLIGHT_MAX_APNS, PUSHES_PER_SECOND_DEFAULT } from "../../limits.ts";
import type { Situation } from "../../push/provider_contract.ts";
import { Dormitory, mostInOneSecond } from "./dormitory.ts";

const MINUTE_MS = 60_000;

/** A tenth of a second's pushes may go at once. */
const BURST = PUSHES_PER_SECOND_DEFAULT / 10;

/**
 * So many receivers who are away get a message each, and exactly one push each.
 *
 * @returns figures to be printed
 */
export async function playOneEach(count: number): Promise<Readonly<Record<string, number>>> {
  await using dormitory = await Dormitory.open();
  const { apns, server: { server: { pushes } } } = dormitory;
  const sleepers = await dormitory.lay("apns", count);
  const began = performance.now();
  await dormitory.sendToAll(sleepers);
  const clockMs = await dormitory.until(() => apns.accepted.length >= count, "all pushes");
  const realMs = Math.round(performance.now() - began);
  // The store writes down who was told, and the sweep finds that nobody is owed anything more.
  await dormitory.until(async () => await dormitory.listed() === 0, "an empty outbox");
  const sweeps = dormitory.clock.monotonic() + MINUTE_MS;
  await dormitory.until(() => dormitory.clock.monotonic() >= sweeps, "two sweeps", 1000);
  await dormitory.until(() => pushes.figures.waiting === 0, "the end of all intents");
  assert.equal(apns.seen.length, count);
  assert.equal(new Set(apns.accepted.map(({ token }) => token)).size, count);
  return { count, clockMs, realMs };
}

/**
 * APNs does not work for a minute, in which so many receivers get a message each: all of them are
 * pushed once when it does, and not faster than may be.
 *
 * @param situation how it fails
 * @returns figures to be printed
 */
export async function playOutage(
  count: number,
  situation: Situation,
): Promise<Readonly<Record<string, number>>> {
  await using dormitory = await Dormitory.open();
  const { apns, clock, acceptedAt } = dormitory;
  const sleepers = await dormitory.lay("apns", count);
  apns.answer(situation);
  await dormitory.sendToAll(sleepers);
  const end = clock.monotonic() + MINUTE_MS;
  await dormitory.until(() => clock.monotonic() >= end, "a minute");
  const tried = apns.seen.length;
  assert.equal(apns.accepted.length, 0);
  // Those that were under way fail; then one at a time finds out for all the others.
  assert.ok(tried < 2 * PUSHES_IN_FLIGHT_MAX_APNS, `${tried} pushes went to a dead service`);
  apns.answer({ kind: "accepted" });
  await dormitory.until(() => apns.accepted.length >= count, "all pushes");
  const noticedMs = (acceptedAt[0] ?? 0) - end;
  const caughtUpMs = (acceptedAt.at(-1) ?? 0) - (acceptedAt[0] ?? 0);
  const most = mostInOneSecond(acceptedAt);
  assert.ok(most <= PUSHES_PER_SECOND_DEFAULT + BURST, `${most} pushes went in a second`);
  assert.ok(noticedMs <= MINUTE_MS, `it worked for ${noticedMs} ms before that was noticed`);
  const tokens = new Set(apns.accepted.map(({ token }) => token));
  assert.deepEqual([tokens.size, apns.accepted.length], [count, count]);
  return { count, tried, noticedMs, caughtUpMs, most };
}
