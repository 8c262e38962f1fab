import assert from "node:assert/strict";
import type { Write } from "../database.ts";
import type { Outcome } from "../../store.ts";
import { type FakeServer, FakeServers, idsOf } from "./fake_servers.ts";

const sweep = ({ store }: FakeServer) => store.sweeper.sweep(() => Promise.resolve());

/** The first commit of a table that a server makes throws; calls back before the server goes on. */
function throwOnce({ database }: FakeServer, table: string, then: () => Promise<void>): void {
  let isThrown = false;
  database.fate = ([write]) => {
    if (isThrown || write?.key[0] !== table) return "made";
    isThrown = true;
    database.reading = () => {
      database.reading = () => Promise.resolve();
      return then();
    };
    return "made and thrown";
  };
}

Deno.test("SharedAppend stores once what was read and deleted before it is known to be stored", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  await servers.users(b, "alice", "bob");
  await b.store.mailboxes.attach("bob", "phone", "oldest");
  throwOnce(a, "messages", async () => {
    await sweep(b);
    b.store.mailboxes.acknowledge("bob", "phone", 1e6);
    await sweep(b);
    assert.deepEqual(await idsOf(b, "bob"), []);
  });
  assert.equal(await servers.send(a, { id: "once" }), "accepted");
  await sweep(b);
  assert.deepEqual(await idsOf(b, "bob"), []);
  assert.deepEqual(b.told, ["bob: once"]);
});

Deno.test("SharedAppend stores once what it promised and another server has kept by then", async () => {
  await using servers = await FakeServers.open();
  const [a, b] = [await servers.start(), await servers.start()];
  const names = Array.from({ length: 20 }, (_, index) => `u${index}`);
  await servers.users(b, ...names);
  throwOnce(a, "promised", async () => {
    await sweep(b);
  });
  const drafts = names.map((to) => servers.draft({ to }));
  const outcomes = await a.store.mailboxes.append(drafts, { atomic: true });
  assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["accepted"]));
  for (const name of names) assert.equal((await idsOf(b, name)).length, 1, name);
});

Deno.test("SharedAppend tells what of a call it stored before the database refused", async () => {
  await using servers = await FakeServers.open();
  const server = await servers.start();
  const names = Array.from({ length: 20 }, (_, index) => `u${index}`);
  await servers.users(server, ...names);
  let groups = 0;
  server.database.fate = ([write]) =>
    write?.key[0] === "messages" && ++groups > 1 ? "refused" : "made";
  const drafts = names.map((to) => servers.draft({ to }));
  const outcomes = await server.store.mailboxes.append(drafts);
  assert.deepEqual(new Set(outcomes.map(({ kind }) => kind)), new Set(["accepted", "refused"]));
  for (const [index, name] of names.entries()) {
    const isStored = outcomes[index]?.kind === "accepted";
    assert.equal((await idsOf(server, name)).length, isStored ? 1 : 0, name);
  }
});

/** Numbers that look like chance, and are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

for (const seed of [1, 2, 3]) {
  Deno.test(`SharedAppend keeps I1 to I6 at three servers whose commits fail by chance (${seed})`, async () => {
    await using servers = await FakeServers.open();
    const next = seeded(seed);
    const all = [await servers.start(), await servers.start(), await servers.start()];
    const pick = () => all[next(all.length)] as FakeServer;
    const names = ["ann", "bea", "cid", "dan"];
    await servers.users(pick(), ...names);
    // One device of each that reads nothing, so that all is kept, and one that comes and goes.
    for (const name of names) await pick().store.mailboxes.attach(name, "archive", "oldest");
    const hurt = (writes: readonly Write[]) => {
      if (!writes.some(({ key }) => key[0] === "mailboxes")) return "made";
      return (["refused", "made and thrown", "made", "made", "made", "made"] as const)[next(6)] ??
        "made";
    };
    for (const { database } of all) database.fate = hurt;
    const expected = await Promise.all(names.map(async (sender) => {
      const sent: [to: string, id: string][] = [];
      for (let turn = 0; turn < 25; turn++) {
        const to = names[next(names.length)] ?? sender;
        const draft = servers.draft({
          sender,
          from: sender,
          to,
          cid: `${sender}${turn}`,
          fingerprint: to,
          device: "sending",
        });
        sent.push([to, await sendUntilStored(pick, draft)]);
        const { mailboxes } = pick().store;
        await mailboxes.attach(sender, "phone", "oldest").catch(() => null);
        const page = await mailboxes.read(sender, "phone", 0, { messages: 5, bytes: 1e6 });
        mailboxes.acknowledge(sender, "phone", page.upTo);
        if (next(2) === 0) mailboxes.detach(sender, "phone", page.upTo);
      }
      return sent;
    }));
    for (const { database } of all) database.fate = () => "made";
    for (const server of [...all, ...all]) await sweep(server);
    for (const to of names) {
      const ids = await idsOf(pick(), to);
      assert.equal(new Set(ids).size, ids.length, "Nothing is there twice");
      for (const [index] of names.entries()) {
        const sent = expected[index] ?? [];
        const own = sent.filter(([receiver]) => receiver === to).map(([, id]) => id);
        assert.deepEqual(ids.filter((id) => own.includes(id)), own, "All is there, in order");
      }
    }
  });
}

/** Sends under one cid at whichever server, as a client does, until it is stored. */
async function sendUntilStored(
  pick: () => FakeServer,
  draft: Parameters<FakeServer["store"]["mailboxes"]["append"]>[0][number],
): Promise<string> {
  for (let tries = 0; tries < 50; tries++) {
    const append = pick().store.mailboxes.append([{ ...draft, id: `${draft.id}.${tries}` }]);
    const outcomes: readonly Outcome[] = await append.catch(() => []);
    const [outcome] = outcomes;
    if (outcome === undefined) continue;
    if (outcome.kind === "duplicate") return outcome.id;
    assert.equal(outcome.kind, "accepted");
    return `${draft.id}.${tries}`;
  }
  throw new Error("Nobody stored it");
}
