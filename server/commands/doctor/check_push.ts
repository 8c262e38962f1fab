/**
 * Whether push services take the credentials of the deployment.
 *
 * @module
 */
import { PUSH_TABLE, type PushConfig } from "../../push_config.ts";
import type { PushProvider } from "../../../push/mod.ts";
import type { ProviderName } from "../../push/mod.ts";
import type { PushProviders } from "../../push_providers.ts";
import type { PushFigures } from "../../push/mod.ts";
import type { ServerStatus } from "../../server_admin.ts";
import { type Finding, ok, skipped, warn, wrong } from "./finding.ts";

/** The variables that make a service work. */
export const CREDENTIALS: Readonly<Record<ProviderName, readonly (keyof PushConfig)[]>> = {
  fcm: ["googleCredentials"],
  apns: ["apnsKey", "apnsKeyId", "apnsTeamId", "apnsTopic", "apnsUrl"],
  web: ["vapidPublic", "vapidPrivate", "vapidSubject"],
};

/** The names of the variables that make a service work, in one text. */
export function variablesOf(name: ProviderName): string {
  return CREDENTIALS[name].map((key) => PUSH_TABLE[key].name).join(", ");
}

/**
 * Has every provider show its credentials.
 *
 * @param server the server that runs, which may have been started with other variables
 */
export async function checkPush(
  providers: Pick<PushProviders, "of">,
  server: ServerStatus | undefined,
): Promise<readonly Finding[]> {
  const names: readonly ProviderName[] = ["fcm", "apns", "web"];
  return (await Promise.all(names.map(async (name) => {
    const provider = providers.of(name);
    return [await checkProvider(name, provider), ...differing(name, provider, server)];
  }))).flat();
}

async function checkProvider(name: ProviderName, provider: PushProvider): Promise<Finding> {
  const check = `push ${name}`;
  if (provider.name === "log") {
    return skipped(check, "It is not configured: its pushes are only logged");
  }
  const result = await provider.check();
  switch (result.kind) {
    case "accepted":
      return ok(check, "The service takes the credentials");
    case "unasked":
      return ok(check, `The keys are a pair. ${result.reason}`);
    case "retry":
      return wrong(
        check,
        `The credentials could not be shown: ${result.reason}`,
        "Try again later",
      );
    case "misconfigured":
      return wrong(check, result.reason, `Look at ${variablesOf(name)}`);
  }
}

/** The server goes on with the variables that it was started with. */
function differing(
  name: ProviderName,
  provider: PushProvider,
  server: ServerStatus | undefined,
): readonly Finding[] {
  const used = server?.providers[name];
  if (used === undefined || used === provider.name) return [];
  const text = `The running server uses "${used}", and would use "${provider.name}" with the ` +
    "variables of this command";
  return [warn(`push ${name}`, text, "Restart it, or run this with its variables")];
}

/** What the pushes of the running server came to. */
export function figuresFinding(figures: PushFigures): Finding {
  const { owed, sent, accepted, seen, retried, rejected, unregistered, misconfigured } = figures;
  const { cancelled, overflowed, waiting, inFlight } = figures;
  const text = [
    `${owed} owed`,
    `${sent} sent`,
    `${accepted} accepted`,
    `${seen} seen`,
    `${retried} retried`,
    `${rejected} rejected`,
    `${unregistered} unregistered`,
    `${misconfigured} misconfigured`,
    `${cancelled} cancelled`,
    `${overflowed} overflowed`,
    `${waiting} waiting`,
    `${inFlight} in flight`,
  ].join(", ");
  return ok("pushes", `Since the server started: ${text}`);
}
