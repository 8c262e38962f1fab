import assert from "node:assert/strict";
import { warningText } from "./warning_text.ts";

Deno.test("warningText() says what may be meant, or who can read what", () => {
  const unknown = { kind: "unknown", name: "TITAN_HOTS", nearest: "TITAN_HOST" } as const;
  assert.deepEqual(warningText(unknown), {
    text: "TITAN_HOTS means nothing to Titan",
    advice: "It may be meant as TITAN_HOST: else unset it",
  });
  const { text, advice } = warningText({ kind: "public", file: "titan.toml" });
  assert.match(text, /^Every user of this machine can read titan\.toml/);
  assert.match(advice, /chmod o-r/);
});
