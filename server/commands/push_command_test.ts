import assert from "node:assert/strict";
import { generateVapidKeys } from "../../push/mod.ts";
import { readConfig } from "../config.ts";
import { pushKeysLines } from "./push_command.ts";

Deno.test("pushKeysLines() makes lines that the configuration takes as they are", async () => {
  const keys = await generateVapidKeys();
  const variables = new Map([["TITAN_VAPID_SUBJECT", "mailto:ops@x.example"]]);
  for (const line of pushKeysLines(keys)) {
    const [, name = "", value = ""] = /^([A-Z_]+)=(.+)$/.exec(line) ?? [];
    variables.set(name, value);
  }
  const { vapidPublic, vapidPrivate } = readConfig((name) => variables.get(name));
  assert.deepEqual({ publicKey: vapidPublic, privateKey: vapidPrivate }, keys);
});
