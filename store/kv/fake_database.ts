/**
 * {@linkcode Database} in memory for tests: what it keeps outlives it, as a disk does, and a test
 * says what becomes of each call.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { DiskFault, Operation } from "../../tests/simulation/sim_call.ts";
import { SimDatabase } from "../../tests/simulation/sim_database.ts";
import { SimDisk } from "../../tests/simulation/sim_disk.ts";
import type { Check, Database, Key, Range, Row, Write } from "./database.ts";

/** What becomes of a call: it is made, waits, or fails without (`refused`) or with its effect. */
export type Verdict = "made" | "held" | DiskFault;

/** Says what becomes of a call; the number counts the commits, this one included. */
export type Judge = (kind: Operation["kind"], commits: number) => Verdict;

/** A database that does what it is told, at once unless it is told otherwise. */
export class FakeDatabase implements Database {
  readonly disk: SimDisk;
  /** Commits that were asked for. */
  commits = 0;
  /** What was changed, a list a commit. */
  readonly committed: (readonly Write[])[] = [];
  /** Calls that wait for {@linkcode release}. */
  readonly held: Operation[] = [];
  judge: Judge = () => "made";
  readonly #database: SimDatabase;
  readonly #violations: string[] = [];

  constructor(disk: SimDisk = new SimDisk()) {
    this.disk = disk;
    this.#database = new SimDatabase(disk, {
      called: (operation) => this.#called(operation),
      committed: (writes) => void this.committed.push(writes),
      violated: (what) => void this.#violations.push(what),
    });
  }

  /** What the store did that no store may; every test of it ends with none. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  read(keys: readonly Key[]): Promise<readonly (Row | null)[]> {
    return this.#database.read(keys);
  }

  list(range: Range, limit: number): Promise<readonly Row[]> {
    return this.#database.list(range, limit);
  }

  commit(checks: readonly Check[], writes: readonly Write[]): Promise<string | null> {
    return this.#database.commit(checks, writes);
  }

  close(): void {
    this.#database.close();
  }

  /** Has the next calls of a kind wait. */
  hold(kind: Operation["kind"] = "commit"): void {
    this.judge = (called) => called === kind ? "held" : "made";
  }

  /** Lets the call that has waited longest happen. */
  release(fault?: DiskFault): void {
    const operation = this.held.shift();
    assert.ok(operation, "A call is held");
    operation.happen(fault);
    operation.answer();
  }

  /** Has the next commit fail, and only that one. */
  failOnce(fault: DiskFault): void {
    const failing = this.commits + 1;
    this.judge = (kind, commits) => kind === "commit" && commits === failing ? fault : "made";
  }

  /**
   * The process dies at a commit: that one is made or not, the caller never hears, and nothing is
   * done after it.
   *
   * @param commit 1 for the next one
   */
  dieAt(commit: number, fault: DiskFault): void {
    const last = this.commits + commit;
    this.judge = (kind, commits) => {
      if (commits < last) return "made";
      return kind === "commit" && commits === last ? fault : "refused";
    };
  }

  #called(operation: Operation): void {
    if (operation.kind === "commit") this.commits++;
    const verdict = this.judge(operation.kind, this.commits);
    if (verdict === "held") {
      this.held.push(operation);
      return;
    }
    operation.happen(verdict === "made" ? undefined : verdict);
    operation.answer();
  }
}
