import assert from "node:assert/strict";
import { CursorNotes } from "./cursor_notes.ts";
import { FakeClock } from "./fake_clock.ts";
import { parseLines } from "./lines.ts";
import type { Cursor } from "./cursor.ts";
import { Mailbox } from "./mailbox.ts";

/** How long cursors wait, first and after a failure: `cursor_notes.ts`. */
const DELAY_MS = 25;
const RETRY_DELAY_MS = 1000;

const ROOM = 10_000;

/** Notes of one mailbox, and how often they became due. */
class World {
  readonly clock = new FakeClock();
  readonly mailbox = new Mailbox("bob");
  readonly notes = new CursorNotes(this.clock, () => void this.due++);
  due = 0;

  constructor() {
    this.mailbox.load(null, 0);
  }

  note(device: string, position: number): void {
    let cursor = this.mailbox.cursors.get(device);
    if (cursor === undefined) {
      cursor = {
        device,
        position,
        sent: position,
        live: true,
        reach: undefined,
        readers: 1,
      } satisfies Cursor;
      this.mailbox.cursors.set(device, cursor);
    }
    cursor.position = position;
    this.notes.note(cursor, this.mailbox);
  }

  take(bytes = ROOM) {
    const taken = this.notes.take(bytes);
    const written = [...parseLines(taken.lines)].map((line) =>
      line.kind === "cursor" ? [line.device, line.state.position] : line.kind
    );
    return { ...taken, written };
  }
}

Deno.test("CursorNotes takes nothing along that has not waited", async () => {
  const world = new World();
  world.note("phone", 1);
  await world.clock.pass(DELAY_MS - 1);
  assert.equal(world.notes.isDue, false);
  assert.deepEqual(world.take().written, []);
  await world.clock.pass(1);
  assert.equal(world.due, 1);
  assert.deepEqual(world.take().written, [["phone", 1]]);
});

Deno.test("CursorNotes makes one line of many moves, with the newest position", async () => {
  const world = new World();
  for (let position = 1; position <= 9; position++) world.note("phone", position);
  world.note("web", 4);
  await world.clock.pass(DELAY_MS);
  assert.deepEqual(world.take().written, [["phone", 9], ["web", 4]]);
  assert.equal(world.notes.isDue, false);
  assert.equal(world.clock.timers, 0);
});

Deno.test("CursorNotes.hurry() has them taken before their time", () => {
  const world = new World();
  world.note("phone", 3);
  world.notes.hurry();
  assert.deepEqual(world.take().written, [["phone", 3]]);
});

Deno.test("CursorNotes.take() leaves what has no room to the next commit", async () => {
  const world = new World();
  for (let device = 0; device < 10; device++) world.note(`d${device}`, 1);
  await world.clock.pass(DELAY_MS);
  const first = world.take(3 * "c\tbob\td0\t1\t1\t1\t\n".length * 4);
  assert.equal(first.written.length, 4);
  assert.equal(world.notes.isDue, true);
  assert.equal(world.take().written.length, 6);
  assert.equal(world.notes.isDue, false);
});

Deno.test("CursorNotes.putBack() waits longer, and what moved meanwhile waits with it", async () => {
  const world = new World();
  world.note("phone", 1);
  await world.clock.pass(DELAY_MS);
  const { cursors } = world.take();
  world.note("web", 2);
  world.notes.putBack(cursors);
  await world.clock.pass(RETRY_DELAY_MS - 1);
  assert.equal(world.notes.isDue, false);
  await world.clock.pass(1);
  assert.deepEqual(world.take().written, [["web", 2], ["phone", 1]]);
});

Deno.test("CursorNotes.close() leaves no timer, whatever comes after", () => {
  const world = new World();
  world.note("phone", 1);
  world.notes.close();
  world.note("phone", 2);
  assert.equal(world.clock.timers, 0);
  world.notes.hurry();
  assert.deepEqual(world.take().written, [["phone", 2]]);
});
