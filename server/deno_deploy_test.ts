import assert from "node:assert/strict";
import { isDenoDeploy, withDeployDefaults } from "./deno_deploy.ts";

const environment = (values: Readonly<Record<string, string>>) => (name: string) =>
  new Map(Object.entries(values)).get(name);

Deno.test("isDenoDeploy() knows the host by either of its variables", () => {
  assert.equal(isDenoDeploy(environment({ DENO_DEPLOY: "true" })), true);
  assert.equal(isDenoDeploy(environment({ DENO_DEPLOYMENT_ID: "x" })), true);
  assert.equal(isDenoDeploy(environment({ DENO_DEPLOY: "", DENO_DIR: "/cache" })), false);
});

Deno.test("withDeployDefaults() changes defaults, and nothing that is set or elsewhere", () => {
  const there = withDeployDefaults(environment({ DENO_DEPLOY: "true", PORT: "0", TITAN_HOST: "" }));
  assert.equal(there("TITAN_STORE"), "shared");
  assert.equal(there("TITAN_HOST"), "0.0.0.0");
  assert.equal(there("PORT"), "0");
  assert.equal(there("TITAN_DATA_DIR"), undefined);
  const here = withDeployDefaults(environment({ PORT: "1" }));
  assert.equal(here("TITAN_STORE"), undefined);
  assert.equal(here("PORT"), "1");
});
