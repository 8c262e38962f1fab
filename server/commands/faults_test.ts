import assert from "node:assert/strict";
import { Faults } from "./faults.ts";

/** Faults that end nothing, and what was told of them. */
function scratch() {
  const told: unknown[] = [];
  const exits: number[] = [];
  const faults = new Faults((error) => told.push(error), (code) => exits.push(code));
  return { told, exits, faults, [Symbol.dispose]: () => faults[Symbol.dispose]() };
}

/** What Deno does with a rejection that nobody handles. */
function reject(reason: unknown): boolean {
  const init = { promise: Promise.resolve(), reason, cancelable: true };
  return globalThis.dispatchEvent(new PromiseRejectionEvent("unhandledrejection", init));
}

Deno.test("Faults tells of a rejection that nobody handles, and ends the process", () => {
  using place = scratch();
  const error = new TypeError("x");
  assert.equal(reject(error), false);
  assert.deepEqual(place.told, [error]);
  assert.deepEqual(place.exits, [70]);
});

Deno.test("Faults tells of an error that nobody catches, and ends the process", () => {
  using place = scratch();
  const error = new TypeError("x");
  const event = new ErrorEvent("error", { error, cancelable: true });
  assert.equal(globalThis.dispatchEvent(event), false);
  assert.deepEqual(place.told, [error]);
  assert.deepEqual(place.exits, [70]);
});

Deno.test("Faults.report can be replaced by whoever has a log", () => {
  using place = scratch();
  const logged: unknown[] = [];
  place.faults.report = (error) => logged.push(error);
  reject("why");
  assert.deepEqual([place.told, logged], [[], ["why"]]);
});

Deno.test("Faults ends the process even where it cannot be told why", () => {
  using place = scratch();
  place.faults.report = () => {
    throw new Error("the log is gone");
  };
  reject("why");
  assert.deepEqual(place.exits, [70]);
});

Deno.test("Faults leaves the process alone once disposed of", () => {
  const place = scratch();
  place[Symbol.dispose]();
  assert.equal(reject("why"), true);
  assert.deepEqual(place.told, []);
});

Deno.test("Faults tells of a rejection inside Deno's WebSocket, and does not end the process", () => {
  using place = scratch();
  const error = new TypeError("x");
  error.stack = "TypeError: x\n    at eventLoop (ext:deno_websocket/01_websocket.js:1:2)";
  reject(error);
  assert.deepEqual([place.told, place.exits], [[error], []]);
});

Deno.test("Faults ends the process where Titan's own code ran on a frame of a WebSocket", () => {
  using place = scratch();
  const error = new TypeError("x");
  error.stack = "TypeError: x\n    at frame (file:///titan/server/connection.ts:1:2)" +
    "\n    at eventLoop (ext:deno_websocket/01_websocket.js:1:2)";
  reject(error);
  assert.deepEqual(place.exits, [70]);
});
