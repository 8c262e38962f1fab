import assert from "node:assert/strict";
import { generateVapidKeys } from "../push/mod.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";

type Variables = Readonly<Record<string, string>>;

const APNS: Variables = {
  TITAN_APNS_KEY: "/etc/titan/key.p8",
  TITAN_APNS_KEY_ID: "ABCDE12345",
  TITAN_APNS_TEAM_ID: "TEAM123456",
  TITAN_APNS_TOPIC: "org.example.chat",
};

/** The variables of Web Push, with keys that are a pair. */
async function vapidVariables(): Promise<Variables> {
  const { publicKey, privateKey } = await generateVapidKeys();
  return {
    TITAN_VAPID_PUBLIC: publicKey,
    TITAN_VAPID_PRIVATE: privateKey,
    TITAN_VAPID_SUBJECT: "mailto:ops@x.example",
  };
}

function read(variables: Variables): Config {
  const map = new Map(Object.entries(variables));
  return readConfig((name) => map.get(name));
}

/** Expects variables to be refused and answers the mistakes that were found. */
function problems(variables: Variables): readonly string[] {
  try {
    read(variables);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  assert.fail("expected a refusal");
}

Deno.test("readConfig() reads whole sets of credentials for pushes", async () => {
  const vapid = await vapidVariables();
  const config = read({ ...APNS, ...vapid });
  assert.deepEqual(config.apnsKey, { kind: "path", path: "/etc/titan/key.p8" });
  assert.equal(config.apnsTopic, "org.example.chat");
  assert.equal(config.vapidPublic, vapid.TITAN_VAPID_PUBLIC);
});

Deno.test("readConfig() tells which credentials are missing beside others", () => {
  assert.deepEqual(problems({ TITAN_APNS_KEY_ID: "ABCDE12345", TITAN_VAPID_SUBJECT: "x" }), [
    'TITAN_VAPID_SUBJECT must be a "mailto:" or "https:" URL of at most 255 characters, and not ' +
    'of "localhost": it is "x"',
    "TITAN_APNS_KEY must be set where TITAN_APNS_KEY_ID is",
    "TITAN_APNS_TEAM_ID must be set where TITAN_APNS_KEY_ID is",
    "TITAN_APNS_TOPIC must be set where TITAN_APNS_KEY_ID is",
    "TITAN_VAPID_PUBLIC must be set where TITAN_VAPID_SUBJECT is",
    "TITAN_VAPID_PRIVATE must be set where TITAN_VAPID_SUBJECT is",
  ]);
});

Deno.test("readConfig() refuses each part that is none, and no part beside it", async () => {
  const all = { ...APNS, ...await vapidVariables() };
  const wrong: Readonly<Record<string, readonly string[]>> = {
    TITAN_APNS_KEY: ["-----BEGIN PRIVATE KEY-----"],
    TITAN_APNS_KEY_ID: ["abcde12345", "ABCDE123456"],
    TITAN_APNS_TEAM_ID: ["TEAM"],
    TITAN_APNS_TOPIC: ["a b"],
    TITAN_VAPID_PUBLIC: [all.TITAN_VAPID_PRIVATE ?? "", "A".repeat(87)],
    TITAN_VAPID_PRIVATE: [all.TITAN_VAPID_PUBLIC ?? "", "A".repeat(43)],
    TITAN_VAPID_SUBJECT: ["ops@x.example"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const [problem = "", ...others] = problems({ ...all, [name]: value });
      assert.ok(problem.startsWith(`${name} must be `), problem);
      assert.deepEqual(others, []);
    }
  }
});

Deno.test("readConfig() refuses a public key that is not of the private one", async () => {
  const { TITAN_VAPID_PUBLIC = "" } = await vapidVariables();
  assert.deepEqual(problems({ ...await vapidVariables(), TITAN_VAPID_PUBLIC }), [
    "TITAN_VAPID_PUBLIC must be the public half of the private key",
  ]);
});

Deno.test("readConfig() shows no key of a push service in a mistake", async () => {
  const all = { ...APNS, ...await vapidVariables() };
  const hidden = "abracadabra";
  const key = `-----BEGIN PRIVATE KEY-----\n${hidden}\n-----END PRIVATE KEY-----`;
  for (const wrong of [{ TITAN_APNS_KEY: key }, { TITAN_VAPID_PRIVATE: hidden }]) {
    const [problem = ""] = problems({ ...all, ...wrong });
    assert.match(problem, /not shown$/);
    assert.ok(!problem.includes(hidden));
  }
});
