import assert from "node:assert/strict";
import { readConfiguration } from "../config.ts";
import { risksOf } from "./risks.ts";

function risks(set: Readonly<Record<string, string>>, isHosted = false): string[] {
  const variables = new Map(Object.entries(set));
  const configuration = readConfiguration({
    env: (name) => variables.get(name),
    names: [...variables.keys()],
  });
  const { config } = configuration;
  assert.ok(config !== undefined);
  return risksOf({ config, configuration, secrets: config.jwtSecrets ?? [], isHosted })
    .map(({ event, label, reason, fields }) => {
      assert.equal(fields.reason, reason);
      return `${event} (${label})`;
    });
}

Deno.test("risksOf() finds nothing in the defaults", () => {
  assert.deepEqual(risks({}), []);
  assert.deepEqual(risks({ TITAN_ADMIN_PORT: "0", TITAN_HOST: "::1" }), []);
  assert.deepEqual(risks({ TITAN_ADMIN_HOST: "0.0.0.0" }), [], "nothing listens there");
});

Deno.test("risksOf() finds every setting that an operator should think over", () => {
  const found = risks({
    TITAN_JWT_SECRET: `short,${"long".repeat(8)},brief`,
    TITAN_GOOGLE_ISSUER: "https://127.0.0.1:1",
    TITAN_HOST: "0.0.0.0",
    TITAN_ADMIN_HOST: "0.0.0.0",
    TITAN_ADMIN_PORT: "0",
  });
  assert.deepEqual(found, [
    "weak secret (TITAN_JWT_SECRET)",
    "weak secret (TITAN_JWT_SECRET)",
    "google issuer changed (TITAN_GOOGLE_ISSUER)",
    "no TLS (TITAN_HOST)",
    "operators' listener open (TITAN_ADMIN_HOST)",
  ]);
});

Deno.test("risksOf() knows who does TLS", () => {
  assert.deepEqual(risks({ TITAN_HOST: "::", TITAN_TRUST_PROXY: "10.0.0.0/8" }), []);
  assert.deepEqual(risks({ TITAN_HOST: "::" }, true), []);
});
