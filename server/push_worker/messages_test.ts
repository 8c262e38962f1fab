import assert from "node:assert/strict";
import { readConfig } from "../config.ts";
import { packConfig, unpackConfig } from "./messages.ts";

Deno.test("packConfig() can be cloned, is what unpackConfig() takes back, and holds nothing else", () => {
  const variables = [
    {},
    { TITAN_APNS_URL: "sandbox" },
    { TITAN_APNS_URL: "https://localhost:1234", TITAN_FCM_URL: "https://localhost:99" },
  ];
  for (const one of variables) {
    const env = new Map(Object.entries({ ...one, TITAN_JWT_SECRET: "x".repeat(40) }));
    const config = readConfig((name) => env.get(name));
    const packed = structuredClone(packConfig(config));
    assert.equal("jwtSecrets" in packed, false);
    const unpacked = unpackConfig(packed);
    assert.deepEqual(Object.entries(unpacked).length, 12);
    assert.deepEqual({ ...config, ...unpacked }, config);
  }
});
