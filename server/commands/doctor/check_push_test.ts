import assert from "node:assert/strict";
import { LogProvider, type PushCheck, type PushProvider } from "../../../push/mod.ts";
import { STATUS } from "../../fake_server_admin.ts";
import type { ProviderName } from "../../push/mod.ts";
import { checkPush, figuresFinding, variablesOf } from "./check_push.ts";

/** Providers of which one answers a check so. */
function providers(name: ProviderName, check: PushCheck) {
  const log = new LogProvider({ write() {} });
  const provider: PushProvider = {
    name,
    send: () => assert.fail("a device was pushed"),
    check: () => Promise.resolve(check),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { of: (wanted: ProviderName) => wanted === name ? provider : log };
}

Deno.test("checkPush() says whether each service takes the credentials", async () => {
  const cases: readonly [ProviderName, PushCheck, string][] = [
    ["apns", { kind: "accepted" }, "ok"],
    ["web", { kind: "unasked", reason: "Nobody was asked" }, "ok"],
    ["fcm", { kind: "retry", reason: "Cannot reach FCM" }, "wrong"],
    ["apns", { kind: "misconfigured", reason: "InvalidProviderToken" }, "wrong"],
  ];
  for (const [name, check, mark] of cases) {
    const findings = await checkPush(providers(name, check), undefined);
    assert.equal(findings.length, 3);
    const finding = findings.find(({ check }) => check === `push ${name}`);
    assert.equal(finding?.mark, mark);
    if ("reason" in check) assert.ok(finding?.text.includes(check.reason));
    assert.equal(findings.filter(({ mark }) => mark === "skipped").length, 2);
  }
});

Deno.test("checkPush() names the variables to look at", async () => {
  const refused = { kind: "misconfigured", reason: "No" } as const;
  const [finding] = await checkPush(providers("fcm", refused), undefined);
  assert.equal(finding?.advice, "Look at GOOGLE_APPLICATION_CREDENTIALS");
  assert.match(
    variablesOf("web"),
    /^TITAN_VAPID_PUBLIC, TITAN_VAPID_PRIVATE, TITAN_VAPID_SUBJECT$/,
  );
});

Deno.test("checkPush() warns where the server was started with other variables", async () => {
  const accepted = { kind: "accepted" } as const;
  assert.deepEqual(
    (await checkPush(providers("apns", accepted), STATUS)).map(({ mark }) => mark),
    ["skipped", "ok", "skipped"],
  );
  const findings = await checkPush(providers("fcm", accepted), STATUS);
  assert.deepEqual(findings.map(({ mark, check }) => `${mark} ${check}`), [
    "ok push fcm",
    "warn push fcm",
    "skipped push apns",
    "warn push apns",
    "skipped push web",
  ]);
});

Deno.test("figuresFinding() tells all figures", () => {
  const { text } = figuresFinding({ ...STATUS.pushes, sent: 12, accepted: 11, seen: 9 });
  assert.match(text, / 12 sent, 11 accepted, 9 seen,/);
  assert.equal(text.split(",").length, Object.keys(STATUS.pushes).length);
});
