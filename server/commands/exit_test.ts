import assert from "node:assert/strict";
import { StoreUnavailableError } from "../../store/mod.ts";
import { ConfigError } from "../config.ts";
import { DataDirTakenError } from "../data_dir.ts";
import { OperatorError } from "../operator_client.ts";
import { SecretFileError } from "../auth/mod.ts";
import { CommandError, EXIT, failureOf, messageOf } from "./exit.ts";

Deno.test("failureOf() has a line for each mistake in the configuration", () => {
  assert.deepEqual(failureOf(new ConfigError(["PORT must be", "TITAN_HOST must be"])), {
    lines: ["PORT must be", "TITAN_HOST must be"],
    exitCode: EXIT.usage,
  });
});

Deno.test("failureOf() says what a command says", () => {
  const failure = failureOf(new CommandError("There is no user", EXIT.usage));
  assert.deepEqual(failure, { lines: ["There is no user"], exitCode: 2 });
  assert.equal(failureOf(new CommandError("There is no user")).exitCode, 1);
});

Deno.test("failureOf() says what is written for an operator", () => {
  const errors = [new DataDirTakenError("x", 1), new OperatorError("a"), new SecretFileError("b")];
  for (const error of errors) {
    assert.deepEqual(failureOf(error), { lines: [error.message], exitCode: EXIT.failed });
  }
});

Deno.test("failureOf() passes the disk's own words on", () => {
  const cause = new TypeError("database or disk is full");
  const error = new StoreUnavailableError("Cannot use the store", { cause });
  assert.deepEqual(failureOf(error), {
    lines: ["Cannot use the store: database or disk is full"],
    exitCode: EXIT.failed,
  });
});

Deno.test("failureOf() calls what nobody expected a fault", () => {
  assert.deepEqual(failureOf(new RangeError("Too deep")), {
    lines: ["Fault: RangeError: Too deep"],
    exitCode: EXIT.fault,
  });
  assert.deepEqual(failureOf("text").lines, ["Fault: string"]);
});

Deno.test("failureOf() takes a missing permission for a failure and no fault", () => {
  const { exitCode } = failureOf(new Deno.errors.NotCapable("Requires env access"));
  assert.equal(exitCode, EXIT.failed);
});

Deno.test("failureOf() takes a full disk under the output for a failure and no fault", () => {
  const error = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  assert.deepEqual(failureOf(error), {
    lines: ["Cannot write: No space left on device"],
    exitCode: EXIT.failed,
  });
});

Deno.test("messageOf() bears that anything is thrown", () => {
  assert.equal(messageOf(new Error("Lost")), "Lost");
  assert.equal(messageOf(undefined), "undefined");
});
