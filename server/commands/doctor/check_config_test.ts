import assert from "node:assert/strict";
import { readConfiguration } from "../../config.ts";
import { checkConfig } from "./check_config.ts";

function check(set: Readonly<Record<string, string>>) {
  const variables = new Map(Object.entries(set));
  const env = (name: string) => variables.get(name);
  return checkConfig(readConfiguration({ env, names: [...variables.keys()] }));
}

Deno.test("checkConfig() says how much is set", () => {
  const { config, findings } = check({ PORT: "8080", PATH: "/bin" });
  assert.equal(config?.port, 8080);
  assert.deepEqual(findings, [
    { mark: "ok", check: "configuration", text: "1 variable is set, without mistakes" },
  ]);
});

Deno.test("checkConfig() reports every mistake at once, and what is misspelt", () => {
  const { config, findings } = check({ PORT: "x", TITAN_STORE: "disk", TITAN_HOTS: "::1" });
  assert.equal(config, undefined);
  assert.deepEqual(findings.map(({ mark }) => mark), ["wrong", "wrong", "warn"]);
  assert.match(findings[0]?.text ?? "", /^PORT must be .*: it is "x"$/);
  assert.match(findings[2]?.advice ?? "", /TITAN_HOST/);
});

Deno.test("checkConfig() warns of a secret that is short, and does not show it", () => {
  const { findings } = check({ TITAN_JWT_SECRET: "s3cr3t" });
  assert.deepEqual(findings.map(({ mark }) => mark), ["ok", "warn"]);
  assert.ok(!JSON.stringify(findings).includes("s3cr3t"));
});

Deno.test("checkConfig() warns of figures that other machines can read", () => {
  const { findings } = check({
    TITAN_HOST: "0.0.0.0",
    TITAN_ADMIN_HOST: "0.0.0.0",
    TITAN_ADMIN_PORT: "0",
  });
  assert.deepEqual(findings.slice(1).map(({ mark, text }) => [mark, text.split(":")[0]]), [
    ["warn", "TITAN_ADMIN_HOST"],
  ]);
});
