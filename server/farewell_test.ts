import assert from "node:assert/strict";
import { AcceptedTransport } from "./accepted_transport.ts";
import { Farewell } from "./farewell.ts";

class BareTransport extends AcceptedTransport {
  readonly bufferedBytes = 0;
  readonly closes: number[] = [];

  constructor() {
    const handler = { frame() {}, refused() {}, closed() {} };
    super({ address: "", accept: () => handler, released() {} }, () => {});
    this.opened();
  }

  send(): void {}

  override shut(code: number): void {
    this.closes.push(code);
  }

  override cut(): void {}
}

Deno.test("Farewell closes everybody and waits until the last is gone", async () => {
  const transports = [new BareTransport(), new BareTransport()];
  const farewell = new Farewell(transports);
  let isDone = false;
  const done = farewell.done.then(() => isDone = true);
  for (const transport of transports) {
    assert.deepEqual(transport.closes, [4101]);
    await Promise.resolve();
    assert.equal(isDone, false);
    farewell.left(transport);
  }
  await done;
});

Deno.test("Farewell does not wait for those whose owner is rid of them already", async () => {
  const lingering = new BareTransport();
  lingering.ended();
  await new Farewell([lingering]).done;
  assert.deepEqual(lingering.closes, []);
});

Deno.test("Farewell to nobody is done at once", async () => {
  await new Farewell([]).done;
});
