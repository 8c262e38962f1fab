import assert from "node:assert/strict";
import { readConfig } from "../../config.ts";
import { configuredUrls } from "./configured_urls.ts";

function urls(env: Readonly<Record<string, string>>) {
  const variables = new Map(Object.entries(env));
  const { secure, push } = configuredUrls(readConfig((name) => variables.get(name)));
  return { secure: secure.map(({ host }) => host), push: push.map(({ host }) => host) };
}

const APNS = {
  TITAN_APNS_KEY: "key.p8",
  TITAN_APNS_KEY_ID: "ABC123DEFG",
  TITAN_APNS_TEAM_ID: "DEF123GHIJ",
  TITAN_APNS_TOPIC: "org.example.chat",
};

Deno.test("configuredUrls() names nobody where nothing is configured", () => {
  assert.deepEqual(urls({}), { secure: [], push: [] });
  assert.deepEqual(urls({ TITAN_APNS_URL: "sandbox" }), { secure: [], push: [] });
});

Deno.test("configuredUrls() names each service that is configured once", () => {
  const google = ["oauth2.googleapis.com", "fcm.googleapis.com"];
  const env = { GOOGLE_APPLICATION_CREDENTIALS: "x.json", GOOGLE_CLIENT_ID: "app", ...APNS };
  assert.deepEqual(urls(env), {
    secure: ["accounts.google.com", ...google, "api.push.apple.com"],
    push: [...google, "api.push.apple.com"],
  });
  const here = "https://push.example:8443";
  assert.deepEqual(urls({ ...env, TITAN_FCM_URL: here, TITAN_APNS_URL: here }), {
    secure: ["accounts.google.com", "push.example:8443"],
    push: ["push.example:8443"],
  });
});

Deno.test("configuredUrls() leaves out what has no certificate", () => {
  const env = { GOOGLE_CLIENT_ID: "app", TITAN_GOOGLE_ISSUER: "http://127.0.0.1:9" };
  assert.deepEqual(urls({ ...env, TITAN_JWT_KEYS: "https://keys.example/jwks" }), {
    secure: ["keys.example"],
    push: [],
  });
});
