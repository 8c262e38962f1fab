import assert from "node:assert/strict";
import { StoreUnavailableError } from "../../store/mod.ts";
import { FakeClock } from "../fake_clock.ts";
import { settled } from "../fake_world.ts";
import { EventLoop } from "./event_loop.ts";
import { Health } from "./health.ts";

/** A disk whose every question the test answers. */
class Disk {
  readonly asked: PromiseWithResolvers<void>[] = [];

  probe(): Promise<void> {
    const question = Promise.withResolvers<void>();
    this.asked.push(question);
    return question.promise;
  }
}

Deno.test("Health.unready() asks the disk at most once a second, however often it is asked", async () => {
  const [clock, store] = [new FakeClock(), new Disk()];
  const health = new Health({ clock, store });
  const answers = [health.unready(), health.unready()];
  store.asked[0]?.resolve();
  assert.deepEqual(await Promise.all(answers), [null, null]);
  clock.advance(999);
  assert.equal(await health.unready(), null);
  assert.equal(store.asked.length, 1);
  clock.advance(1);
  const later = health.unready();
  store.asked[1]?.reject(new StoreUnavailableError("Cannot commit: the disk refused"));
  assert.equal(await later, "the store cannot be written");
  clock.advance(1000);
  const again = health.unready();
  store.asked[2]?.resolve();
  assert.equal(await again, null);
});

Deno.test("Health.unready() does not wait for ever for a disk that hangs", async () => {
  const [clock, store] = [new FakeClock(), new Disk()];
  const health = new Health({ clock, store });
  const first = health.unready();
  clock.advance(2000);
  assert.equal(await first, "the store does not answer");
  // Whoever asks later waits no more, and asks nothing new.
  assert.equal(await health.unready(), "the store does not answer");
  assert.equal(store.asked.length, 1);
  store.asked[0]?.resolve();
  await settled();
  const later = health.unready();
  store.asked[1]?.resolve();
  assert.equal(await later, null);
  assert.equal(clock.timers, 0);
});

Deno.test("Health.unready() says that the server drains before it says anything else", async () => {
  const [clock, store] = [new FakeClock(), new Disk()];
  const health = new Health({ clock, store });
  assert.equal(health.isDraining, false);
  health.drain();
  assert.equal(health.isDraining, true);
  assert.equal(await health.unready(), "draining");
  assert.equal(store.asked.length, 0);
});

Deno.test("Health.unready() says that the event loop is late", async () => {
  const [clock, store] = [new FakeClock(), new Disk()];
  let held = 0;
  const slow = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + held,
    after: (ms: number, callback: () => void) => clock.after(ms, callback),
  };
  using loop = new EventLoop({ clock: slow });
  const health = new Health({ clock, store, loop });
  for (let look = 0; look < 20; look++) {
    held += 1000;
    clock.advance(100);
  }
  assert.equal(await health.unready(), "the event loop is late");
});
