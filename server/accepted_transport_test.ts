import assert from "node:assert/strict";
import { AcceptedTransport } from "./accepted_transport.ts";
import { CLOSE } from "./close_code.ts";
import type { TransportHandler } from "./transport.ts";

/** A transport over nothing that writes down what is asked of it and what its owner hears. */
class BareTransport extends AcceptedTransport {
  readonly log: string[];
  readonly bufferedBytes = 0;

  constructor(log: string[], handler: Partial<TransportHandler> = {}) {
    const accept = (): TransportHandler => ({
      frame: (text) => log.push(`frame ${text}`),
      refused: (why) => log.push(`refused ${why}`),
      closed: () => log.push("closed"),
      ...handler,
    });
    const released = () => log.push("released");
    super({ address: "192.0.2.7", accept, released }, (error) => log.push(`fault: ${error}`));
    this.log = log;
  }

  send(): void {}

  override shut(code: number, reason: string): void {
    this.log.push(`shut ${code} ${reason}`);
  }

  override cut(): void {
    this.log.push("cut");
  }
}

function throws(): never {
  throw new Error("Broken owner");
}

Deno.test("AcceptedTransport tells its owner everything in order and once", () => {
  const transport = new BareTransport([]);
  assert.equal(transport.stage, "opening");
  transport.heard("too early");
  transport.opened();
  transport.opened();
  assert.equal(transport.isOpen, true);
  transport.heard("a");
  transport.gone();
  transport.gone();
  transport.ended();
  transport.heard("too late");
  assert.deepEqual(transport.log, ["frame a", "closed", "released"]);
  assert.equal(transport.address, "192.0.2.7");
});

Deno.test("AcceptedTransport that never opens is released, and nobody hears of it", () => {
  const transport = new BareTransport([]);
  transport.close(1000, "");
  transport.terminate();
  transport.gone();
  transport.opened();
  assert.deepEqual(transport.log, ["released"]);
});

Deno.test("AcceptedTransport.refuse() leaves the owner deaf but able to send and close", () => {
  const transport = new BareTransport([]);
  transport.opened();
  transport.refuse("binary");
  transport.refuse("too_long");
  transport.heard("later");
  assert.equal(transport.isOpen, true);
  transport.close(1003, "Only text");
  assert.deepEqual(transport.log, ["refused binary", "shut 1003 Only text"]);
});

Deno.test("AcceptedTransport.ended() tells the owner and keeps the place", () => {
  const transport = new BareTransport([]);
  transport.opened();
  transport.close(4000, "Enough");
  transport.ended();
  assert.equal(transport.stage, "over");
  assert.deepEqual(transport.log, ["shut 4000 Enough", "closed"]);
  transport.gone();
  assert.deepEqual(transport.log.slice(2), ["released"]);
});

Deno.test("AcceptedTransport.terminate() tells the owner after the call, and once", async () => {
  const transport = new BareTransport([]);
  transport.opened();
  transport.terminate();
  transport.terminate();
  assert.deepEqual(transport.log, ["cut"]);
  await Promise.resolve();
  assert.deepEqual(transport.log, ["cut", "closed"]);
  transport.gone();
  assert.deepEqual(transport.log, ["cut", "closed", "released"]);
});

Deno.test("AcceptedTransport tells closed before released where both come right after a cut", async () => {
  const transport = new BareTransport([]);
  transport.opened();
  transport.terminate();
  transport.gone();
  await Promise.resolve();
  assert.deepEqual(transport.log, ["cut", "closed", "released"]);
});

Deno.test("AcceptedTransport closes an owner that throws, and tells the fault", () => {
  const { code, reason } = CLOSE.fault;
  const expected = ["fault: Error: Broken owner", `shut ${code} ${reason}`];
  const framed = new BareTransport([], { frame: throws });
  framed.opened();
  framed.heard("a");
  framed.heard("b");
  assert.deepEqual(framed.log, expected);
  const refused = new BareTransport([], { refused: throws });
  refused.opened();
  refused.refuse("binary");
  assert.deepEqual(refused.log, expected);
});

Deno.test("AcceptedTransport is released though its owner throws when told of the end", () => {
  const transport = new BareTransport([], { closed: throws });
  transport.opened();
  transport.gone();
  assert.deepEqual(transport.log, ["fault: Error: Broken owner", "released"]);
});
