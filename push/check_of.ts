/**
 * What becomes of a push to a device that there is not, where only the credentials matter.
 *
 * @module
 */
import type { PushCheck, PushOutcome } from "./push.ts";

/** Whether a service has taken the credentials of a push that could go to nobody. */
export function checkOf(outcome: PushOutcome): PushCheck {
  switch (outcome.kind) {
    case "accepted":
    case "unregistered":
    case "rejected":
      return { kind: "accepted" };
    case "retry":
    case "misconfigured":
      return { kind: outcome.kind, reason: outcome.reason };
  }
}
