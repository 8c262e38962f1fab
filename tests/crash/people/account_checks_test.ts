import assert from "node:assert/strict";
import { RPC_ERRORS } from "../../../rpc/rpc_error.ts";
import { check } from "../checker.ts";
import type { DeviceRecord, History, SentRecord } from "../history.ts";
import type {
  Act,
  ActAnswer,
  DeviceTold,
  PersonRecord,
  Stay,
  TokenRecord,
  Told,
} from "./account_history.ts";

const FORBIDDEN = RPC_ERRORS.bad_credential.code;

/** One person's acts, ten milliseconds apart, each answered after five. */
class Diary {
  readonly person: PersonRecord;
  readonly devices: DeviceRecord[] = [];
  readonly #others: Diary[] = [];
  #now = 100;
  #sessions = 0;
  readonly #began = new Map<number, number>();

  constructor(name = "ann", others: Diary[] = []) {
    this.person = { user: name, email: `${name}@example.org`, acts: [], made: [] };
    this.#others = others;
  }

  /** Lets the acts from now on come after those of another. */
  after({ person: { acts } }: Diary): void {
    this.#now = Math.max(this.#now, (acts.at(-1)?.at ?? 0) + 10);
  }

  /** The acts from now on go to the server that comes after the kill. */
  nextLife(): void {
    this.#now = Math.max(this.#now, 1010);
  }

  signIn(device = "phone"): [access: TokenRecord, refresh: TokenRecord] {
    const tokens = this.#tokens(device, ++this.#sessions, 0);
    this.add({ kind: "sign in", device }, { tokens });
    return tokens;
  }

  refresh(token: TokenRecord): [access: TokenRecord, refresh: TokenRecord] {
    const tokens = this.#tokens(token.device, token.session, token.generation + 1);
    this.add({ kind: "refresh", device: token.device, token }, { tokens });
    return tokens;
  }

  made(): TokenRecord {
    const made = { kind: "made", device: "desk", session: 0, generation: 0, text: "" } as const;
    const token = { ...made, began: this.#now };
    this.person.made.push(token);
    return token;
  }

  me(token: TokenRecord, registered = "then", id = this.person.user): void {
    const user = { id, email: this.person.email, registered };
    this.add({ kind: "me", device: token.device, token }, { user });
  }

  /** An act that was done, refused for a reason, or (null) not answered. */
  add(about: Pick<Act, "kind" | "device" | "token" | "push">, result: Told | string | null): Act {
    const at = this.#now;
    this.#now += 10;
    const answer = answerOf(result, at + 5);
    const act: Act = { ...about, at, answer };
    this.person.acts.push(act);
    return act;
  }

  /** What a list or an export told of devices. */
  see(kind: "list" | "export", token: TokenRecord, ...devices: DeviceTold[]): void {
    this.add({ kind, device: token.device, token }, { devices });
  }

  /** A device of a life of the user that was asked for at a time. */
  device(asked: number, hasLeft = false): DeviceRecord {
    const stay: Stay = { asked, hasLeft };
    const connections: DeviceRecord["connections"] = [];
    const { user } = this.person;
    const device = { user, device: "phone", stay, joined: asked, sent: [], connections };
    this.devices.push(device);
    return device;
  }

  /** What is wrong; the server was killed at 1000. */
  faults(): string[] {
    const all = [this, ...this.#others];
    const history: History = {
      devices: all.flatMap(({ devices }) => devices),
      people: all.map(({ person }) => person),
      lives: [
        { started: 0, ready: 0, killed: 1000, end: "is killed" },
        { started: 1001, ready: 1002, killed: Infinity, end: "lives" },
      ],
      refusals: new Set(),
    };
    return check(history).map(({ rule, what }) => `${rule}: ${what}`);
  }

  #tokens(device: string, session: number, generation: number): [TokenRecord, TokenRecord] {
    const began = this.#began.get(session) ?? this.#now + 5;
    this.#began.set(session, began);
    const common = { device, session, generation, text: "", began };
    return [{ kind: "access", ...common }, { kind: "refresh", ...common }];
  }
}

function answerOf(result: Told | string | null, at: number): ActAnswer | undefined {
  if (result === null) return undefined;
  if (typeof result !== "string") return { kind: "done", at, told: result };
  return { kind: "refused", at, code: FORBIDDEN, why: result };
}

function one(faults: readonly string[], pattern: RegExp): void {
  assert.equal(faults.length, 1, faults.join("\n"));
  assert.match(faults.join(), pattern);
}

Deno.test("check() finds nothing where every token counts until it is ended", () => {
  const ann = new Diary();
  const [first, used] = ann.signIn();
  ann.me(first);
  const [next, refresh] = ann.refresh(used);
  ann.me(first);
  ann.me(next);
  const made = ann.made();
  ann.me(made);
  ann.add({ kind: "refresh", device: "phone", token: used }, "reused");
  for (const token of [first, next, refresh]) {
    ann.add({ kind: token === refresh ? "refresh" : "me", device: "phone", token }, "revoked");
  }
  ann.me(made);
  const [again] = ann.signIn();
  ann.add({ kind: "logout all", device: "phone", token: again }, {});
  ann.add({ kind: "me", device: "desk", token: made }, "revoked");
  assert.deepEqual(ann.faults(), []);
});

Deno.test("check() finds that a sign-in or a refresh that was acknowledged is lost", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  ann.add({ kind: "me", device: "phone", token: access }, "revoked");
  one(ann.faults(), /^lost: ann: me was refused/);
  const bob = new Diary("bob");
  const [, used] = bob.signIn();
  const [, next] = bob.refresh(used);
  bob.add({ kind: "refresh", device: "phone", token: next }, "reused");
  one(bob.faults(), /^lost: bob: refresh was refused \(reused\)/);
});

Deno.test("check() finds a refresh token that works twice, and one that ends nothing", () => {
  const ann = new Diary();
  const [, used] = ann.signIn();
  ann.refresh(used);
  ann.refresh(used);
  one(ann.faults(), /^revoked: ann: refresh worked/);
  const bob = new Diary("bob");
  const [access, first] = bob.signIn();
  bob.refresh(first);
  bob.add({ kind: "refresh", device: "phone", token: first }, "reused");
  bob.me(access);
  one(bob.faults(), /^revoked: bob: me worked/);
});

Deno.test("check() takes either end of a refresh that was cut, and of nothing else", () => {
  for (const answer of ["works", "reused"]) {
    const ann = new Diary();
    const [access, refresh] = ann.signIn();
    ann.add({ kind: "refresh", device: "phone", token: refresh }, null);
    ann.me(access);
    if (answer === "works") ann.refresh(refresh);
    else ann.add({ kind: "refresh", device: "phone", token: refresh }, answer);
    if (answer === "works") ann.me(access);
    else ann.add({ kind: "me", device: "phone", token: access }, "revoked");
    assert.deepEqual(ann.faults(), []);
  }
  const bob = new Diary("bob");
  const [access, refresh] = bob.signIn();
  bob.add({ kind: "refresh", device: "phone", token: refresh }, null);
  bob.add({ kind: "me", device: "phone", token: access }, "revoked");
  one(bob.faults(), /^lost: bob: me was refused/);
});

Deno.test("check() finds tokens that outlive an end that was acknowledged", () => {
  const ends = ["logout", "logout all", "delete", "sign in"] as const;
  for (const kind of ends) {
    for (const isDone of [true, false]) {
      const ann = new Diary();
      const [access] = ann.signIn();
      ann.add({ kind, device: "phone", token: access }, isDone ? {} : null);
      ann.me(access);
      ann.add({ kind: "me", device: "phone", token: access }, "revoked");
      if (isDone) one(ann.faults(), /^revoked: ann: me worked .*: (logout|delete|sign in)/);
      else assert.deepEqual(ann.faults(), [], kind);
    }
  }
});

Deno.test("check() finds a token that comes back to life", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  ann.add({ kind: "logout", device: "phone", token: access }, null);
  ann.add({ kind: "me", device: "phone", token: access }, "revoked");
  ann.me(access);
  one(ann.faults(), /^revoked: ann: me worked .*: it was refused before/);
});

Deno.test("check() leaves other devices and made tokens out of a logout", () => {
  const ann = new Diary();
  const [phone] = ann.signIn("phone");
  const [tablet] = ann.signIn("tablet");
  const made = ann.made();
  ann.add({ kind: "logout", device: "phone", token: phone }, {});
  ann.add({ kind: "me", device: "tablet", token: tablet }, "revoked");
  ann.add({ kind: "me", device: "desk", token: made }, "revoked");
  assert.equal(ann.faults().length, 2);
  assert.ok(ann.faults().every((fault) => fault.startsWith("lost: ")));
});

Deno.test("check() finds that one subject became two users, or another", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  ann.me(access, "then");
  ann.me(access, "later");
  one(ann.faults(), /^delete: ann: the user was registered at then, and now at later/);
  const bob = new Diary("bob");
  const [token] = bob.signIn();
  bob.me(token, "then", "bob2");
  one(bob.faults(), /^user: bob: me answers another user: bob2/);
});

Deno.test("check() finds a user who is still there after the deletion", () => {
  for (const [isDone, expected] of [[true, 1], [false, 0]] as const) {
    const ann = new Diary();
    const [access] = ann.signIn();
    ann.me(access, "then");
    ann.add({ kind: "delete", device: "phone", token: access }, isDone ? {} : null);
    const [again] = ann.signIn();
    ann.me(again, "then");
    assert.equal(ann.faults().length, expected, ann.faults().join());
  }
});

Deno.test("check() finds tokens of before where a deletion that was cut was done", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  ann.me(access, "then");
  const made = ann.made();
  ann.add({ kind: "delete", device: "phone", token: access }, null);
  const [again] = ann.signIn();
  ann.me(again, "later");
  ann.me(made, "later");
  one(ann.faults(), /^revoked: ann: me worked .*made.*: delete/);
});

Deno.test("check() finds that a deletion which was cut and not done ended tokens", () => {
  for (const [isLater, expected] of [[false, 0], [true, 1]] as const) {
    const ann = new Diary();
    const [phone] = ann.signIn("phone");
    const [tablet] = ann.signIn("tablet");
    ann.me(phone, "then");
    ann.add({ kind: "delete", device: "phone", token: phone }, null);
    if (isLater) ann.nextLife();
    ann.add({ kind: "me", device: "tablet", token: tablet }, "revoked");
    ann.nextLife();
    const [again] = ann.signIn("phone");
    ann.me(again, "then");
    const faults = ann.faults();
    assert.equal(faults.length, expected, faults.join());
    if (isLater) assert.match(faults.join(), /^lost: ann: me was refused/);
  }
});

Deno.test("check() lets tokens count again that were refused while a deletion was under way", () => {
  for (const [why, expected] of [["revoked", 0], ["reused", 1]] as const) {
    const ann = new Diary();
    const [phone, refresh] = ann.signIn("phone");
    ann.me(phone, "then");
    ann.add({ kind: "delete", device: "phone", token: phone }, null);
    ann.add({ kind: "refresh", device: "phone", token: refresh }, why);
    ann.add({ kind: "me", device: "phone", token: phone }, "revoked");
    ann.nextLife();
    ann.me(phone, "then");
    const faults = ann.faults();
    assert.equal(faults.length, expected, faults.join());
  }
});

Deno.test("check() lets a deletion whose answer was lost go on as long as its process does", () => {
  const ann = new Diary();
  const [phone] = ann.signIn("phone");
  ann.me(phone, "then");
  ann.add({ kind: "delete", device: "phone", token: phone }, null);
  // The process that it went to still runs.
  ann.me(phone, "then");
  ann.nextLife();
  const [again] = ann.signIn("phone");
  ann.me(again, "later");
  assert.deepEqual(ann.faults(), []);
});

Deno.test("check() finds devices of an earlier life, and misses those of this one", () => {
  const ann = new Diary();
  const [access] = ann.signIn("tablet");
  ann.me(access, "then");
  ann.add({ kind: "delete", device: "tablet", token: access }, {});
  const [again] = ann.signIn("phone");
  ann.me(again, "later");
  ann.see("list", again, told("phone"));
  assert.deepEqual(ann.faults(), []);
  ann.see("export", again, told("phone"), told("tablet"));
  one(ann.faults(), /^delete: ann: tablet is a device of an earlier life/);
  ann.person.acts.pop();
  ann.see("export", again);
  one(ann.faults(), /^lost: ann: phone is not among the devices/);
});

Deno.test("check() finds a push token that is lost, or on two devices", () => {
  const ann = new Diary();
  const bob = new Diary("bob", [ann]);
  const [mine] = ann.signIn();
  const [his] = bob.signIn();
  ann.add({ kind: "register", device: "phone", token: mine, push: "p" }, {});
  ann.see("export", mine, told("phone", "p"));
  ann.see("list", mine, told("phone", "fcm"));
  assert.deepEqual(bob.faults(), []);
  bob.after(ann);
  bob.add({ kind: "register", device: "phone", token: his, push: "p" }, {});
  bob.see("export", his, told("phone", "p"));
  ann.after(bob);
  ann.see("export", mine, told("phone"));
  assert.deepEqual(bob.faults(), []);
  ann.see("export", mine, told("phone", "p"));
  one(bob.faults(), /^push: ann: phone has p, and should not/);
  ann.person.acts.pop();
  bob.after(ann);
  bob.see("export", his, told("phone"));
  one(bob.faults(), /^push: bob: phone lost p/);
});

Deno.test("check() takes either end of a registration that was cut", () => {
  for (const push of [undefined, "p", "q"]) {
    const ann = new Diary();
    const [access] = ann.signIn();
    ann.add({ kind: "register", device: "phone", token: access, push: "p" }, {});
    ann.add({ kind: "register", device: "phone", token: access, push: "q" }, null);
    ann.see("export", access, told("phone", push));
    // A registration takes nothing away without giving something.
    assert.equal(ann.faults().length, push === undefined ? 1 : 0, `${push}`);
  }
});

Deno.test("check() finds a push token that outlives a logout, a deletion, a list that tells it", () => {
  for (const kind of ["logout", "delete"] as const) {
    const ann = new Diary();
    const [access] = ann.signIn();
    ann.add({ kind: "register", device: "phone", token: access, push: "p" }, {});
    ann.add({ kind, device: "phone", token: access }, {});
    const [again] = ann.signIn();
    ann.see("list", again, told("phone", "fcm"));
    one(ann.faults(), /^push: ann: phone can be woken, and should not/);
  }
  const bob = new Diary("bob");
  const [access] = bob.signIn();
  bob.add({ kind: "register", device: "phone", token: access, push: "p" }, {});
  bob.see("list", access, told("phone", "p"));
  one(bob.faults(), /^push: bob: phone tells more than the provider/);
});

Deno.test("check() finds a message that is accepted for nobody, or refused for somebody", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  ann.me(access, "then");
  const pal = penPal();
  ann.devices.push(pal);
  const { code } = RPC_ERRORS.unknown_receiver;
  pal.sent.push(message(1, 114, { kind: "refused", at: 116, code }));
  one(ann.faults(), /^I9: .* refused with -32002/);
  pal.sent.pop();
  ann.add({ kind: "delete", device: "phone", token: access }, {});
  pal.sent.push(message(1, 122, { kind: "refused", at: 124, code }));
  assert.deepEqual(ann.faults(), []);
  pal.sent.push(message(2, 126, accepted(127)));
  one(ann.faults(), /^delete: .* accepted for a user who was deleted/);
  pal.sent.pop();
  ann.signIn();
  pal.sent.push(message(2, 126, accepted(131)));
  assert.deepEqual(ann.faults(), []);
});

Deno.test("check() finds a message of an earlier life, and a gap in one that is over", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  ann.me(access, "then");
  ann.add({ kind: "delete", device: "phone", token: access }, {});
  const [again] = ann.signIn();
  ann.me(again, "later");
  const sent = [message(1, 106, accepted(107)), message(2, 108, accepted(109))];
  const before = ann.device(100, true);
  const after = ann.device(130);
  ann.devices.push(penPal(...sent));
  deliver(before, "text 1", 110);
  assert.deepEqual(ann.faults(), []);
  before.connections.pop();
  deliver(before, "text 2", 110);
  Object.assign(before, { joined: 105 });
  one(ann.faults(), /^I1: .*it was accepted, and ann\/phone got number 2 without it/);
  before.connections.pop();
  deliver(after, "text 1", 140);
  one(ann.faults(), /^delete: .*which was for an earlier life of the user/);
});

Deno.test("check() finds a connection that outlives its token", () => {
  for (const [ended, expected] of [[5100, 0], [5200, 1]] as const) {
    const ann = new Diary();
    const [token] = ann.signIn();
    const { connections } = ann.device(100);
    const rest = { pending: 0, isLast: false, deliveries: [], receipts: [] };
    connections.push({ token, since: 106, ended, ...rest });
    ann.add({ kind: "logout", device: "phone", token }, {});
    assert.equal(ann.faults().length, expected, ann.faults().join());
  }
});

Deno.test("check() finds what is not answered, and errors that are no part of a run", () => {
  const ann = new Diary();
  const [access] = ann.signIn();
  const act = ann.add({ kind: "me", device: "phone", token: access }, null);
  assert.deepEqual(ann.faults(), []);
  Object.assign(act, { at: 2000 });
  one(ann.faults(), /^answer: ann: me was not answered/);
  act.answer = { kind: "refused", at: 2001, code: RPC_ERRORS.internal_error.code, why: "" };
  assert.ok(ann.faults().includes("answer: ann: me was refused with -32603"));
});

function told(device: string, push?: string): DeviceTold {
  return { device, push };
}

/** Somebody who sends, and is there for ever. */
function penPal(...sent: SentRecord[]): DeviceRecord {
  return { user: "pal", device: "default", joined: 0, sent, connections: [] };
}

function message(seq: number, at: number, answer: SentRecord["attempts"][number]["answer"]) {
  const attempts = [{ connection: 0, at, answer }];
  return { to: "ann", seq, text: `text ${seq}`, cid: undefined, receipt: false, attempts };
}

function accepted(at: number) {
  return { kind: "accepted", at, id: undefined, time: undefined, duplicate: false } as const;
}

function deliver(device: DeviceRecord, text: string, at: number): void {
  const answer = { kind: "acknowledged", at: at + 1 } as const;
  const delivery = { id: text, from: "pal", to: "ann", time: "then", text, redelivered: 0, at };
  const rest = { pending: 0, isLast: false, receipts: [] };
  device.connections.push({
    since: at,
    ended: at + 2,
    ...rest,
    deliveries: [{ ...delivery, answer }],
  });
}
