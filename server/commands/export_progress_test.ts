import assert from "node:assert/strict";
import { FakeClock } from "../fake_clock.ts";
import { ExportProgress } from "./export_progress.ts";

function scratch() {
  const clock = new FakeClock();
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  return { clock, written, parts: { monotonic: () => clock.monotonic(), write } };
}

Deno.test("ExportProgress says nothing of what is over soon", () => {
  const { clock, written, parts } = scratch();
  {
    using progress = new ExportProgress(parts);
    progress.note(1);
    clock.advance(1999);
    progress.note(2);
  }
  assert.deepEqual(written, []);
});

Deno.test("ExportProgress tells now and then, and erases what it told", () => {
  const { clock, written, parts } = scratch();
  {
    using progress = new ExportProgress(parts);
    clock.advance(2000);
    progress.note(500);
    clock.advance(199);
    progress.note(600);
    clock.advance(1);
    progress.note(700);
  }
  const erase = "\r\u001b[K";
  assert.deepEqual(written, [`${erase}500 messages`, `${erase}700 messages`, erase]);
});

Deno.test("ExportProgress says nothing where there is no terminal", () => {
  const { clock, parts } = scratch();
  using progress = new ExportProgress({ ...parts, write: undefined });
  clock.advance(5000);
  assert.doesNotThrow(() => progress.note(1));
});
