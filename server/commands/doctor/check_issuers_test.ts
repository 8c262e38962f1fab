import assert from "node:assert/strict";
import { systemClock } from "../../clock.ts";
import { readConfig } from "../../config.ts";
import { LocalIssuer } from "../../../tests/harness/local_issuer.ts";
import { checkIssuers } from "./check_issuers.ts";

const WORLD = {
  fetch: (url: string, init: RequestInit) => fetch(url, init),
  clock: systemClock,
};

function configOf(env: Readonly<Record<string, string>>) {
  const variables = new Map(Object.entries(env));
  return readConfig((name) => variables.get(name));
}

Deno.test("checkIssuers() fetches the keys of every issuer", async () => {
  await using issuer = await LocalIssuer.start({ algorithms: ["ES256", "EdDSA"] });
  const env = {
    GOOGLE_CLIENT_ID: "app",
    TITAN_GOOGLE_ISSUER: issuer.url,
    TITAN_JWT_KEYS: `${issuer.url}/keys`,
  };
  const findings = await checkIssuers(configOf(env), WORLD);
  assert.deepEqual(findings.map(({ mark, check }) => `${mark} ${check}`), [
    "ok issuer google",
    "ok TITAN_JWT_KEYS",
  ]);
  assert.equal(findings[0]?.text, `2 keys of ${issuer.url}`);
});

Deno.test("checkIssuers() says which issuer is away and what that means", async () => {
  await using issuer = await LocalIssuer.start({ algorithms: ["EdDSA"] });
  issuer.misbehave("discovery", "status 500");
  const env = { GOOGLE_CLIENT_ID: "app", TITAN_GOOGLE_ISSUER: issuer.url };
  const [finding, ...more] = await checkIssuers(configOf(env), WORLD);
  assert.deepEqual([finding?.mark, finding?.check, more.length], ["wrong", "issuer google", 0]);
  assert.match(finding?.text ?? "", /: status_500$/);
  assert.match(finding?.advice ?? "", /^Nobody can sign in/);
});

Deno.test("checkIssuers() says that there is none", async () => {
  const findings = await checkIssuers(configOf({}), WORLD);
  assert.deepEqual(findings.map(({ mark }) => mark), ["skipped"]);
});
