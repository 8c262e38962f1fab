import assert from "node:assert/strict";
import { CONFIG_TABLE, type ConfigRow } from "./config_table.ts";

const ROWS: readonly ConfigRow<unknown>[] = Object.values<ConfigRow<unknown>>(CONFIG_TABLE);

Deno.test("CONFIG_TABLE has a default for every variable, in words or one that can be read", () => {
  for (const { name, default: text, unset, value } of ROWS) {
    assert.notEqual(text, "", name);
    if (unset === undefined) assert.notEqual(value.read(text), undefined, name);
  }
});

Deno.test("CONFIG_TABLE names variables that the tasks give the server to read", () => {
  for (const { name } of ROWS) {
    assert.match(
      name,
      /^(?:PORT|GOOGLE_CLIENT_ID|GOOGLE_APPLICATION_CREDENTIALS|TITAN_[A-Z]+(?:_[A-Z]+)*)$/,
    );
  }
});

Deno.test("CONFIG_TABLE has texts that fit into a sentence", () => {
  for (const { name, meaning, value } of ROWS) {
    assert.match(meaning, /^[^A-Z].*[^.]$/, name);
    assert.match(value.allowed, /^\S.*[^.]$/, name);
  }
});
