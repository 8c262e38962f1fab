import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { SenderNames } from "./sender_names.ts";

function makeNames() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const state = { name: "Ann", fails: false };
  const get = (id: string) => {
    asked.push(id);
    if (state.fails) return Promise.reject(new Error("disk"));
    const value = { id, registered: 0, ...id === "ann" ? { name: state.name } : {} };
    return Promise.resolve(id === "nobody" ? null : { value, version: "1" });
  };
  return { names: new SenderNames({ users: { get }, clock, max: 2 }), clock, asked, state };
}

Deno.test("SenderNames.of() answers the name, or the id where there is none", async () => {
  const { names } = makeNames();
  assert.equal(await names.of("ann"), "Ann");
  assert.equal(await names.of("bob"), "bob");
  assert.equal(await names.of("nobody"), "nobody");
});

Deno.test("SenderNames.of() asks once in ten seconds, however many ask at once", async () => {
  const { names, clock, asked, state } = makeNames();
  await Promise.all([names.of("ann"), names.of("ann")]);
  clock.advance(9999);
  state.name = "Anna";
  assert.equal(await names.of("ann"), "Ann");
  clock.advance(1);
  assert.equal(await names.of("ann"), "Anna");
  assert.deepEqual(asked, ["ann", "ann"]);
});

Deno.test("SenderNames.of() keeps so many names, the newest", async () => {
  const { names, asked } = makeNames();
  for (const user of ["ann", "bob", "carl", "bob", "ann"]) await names.of(user);
  assert.deepEqual(asked, ["ann", "bob", "carl", "ann"]);
});

Deno.test("SenderNames.of() asks again after a fault", async () => {
  const { names, state } = makeNames();
  state.fails = true;
  await assert.rejects(names.of("ann"), /disk/);
  state.fails = false;
  assert.equal(await names.of("ann"), "Ann");
});
