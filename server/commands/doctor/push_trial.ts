/**
 * How a trial of a push is told, step by step.
 *
 * @module
 */
import type { PushOutcome } from "../../../push/mod.ts";
import type { PushTrialStep } from "../../push/mod.ts";
import { localDateTime } from "../local_time.ts";
import { variablesOf } from "./check_push.ts";
import { type Finding, ok, wrong } from "./finding.ts";

/** What is tried. */
export interface TrialSubject {
  readonly user: string;
  readonly device: string;
  /** How long the device may take, in milliseconds. */
  readonly ms: number;
}

type Service = "fcm" | "apns" | "web";

/** Tells the steps of one trial; of the last it says what it means. */
export class TrialReport {
  readonly #subject: TrialSubject;
  /** What wakes the device. */
  #service: Service = "fcm";
  #isLogged = false;

  /** Begins with what is tried. */
  constructor(subject: TrialSubject) {
    this.#subject = subject;
  }

  /**
   * Tells of a step.
   *
   * @returns the findings: one, and another where nothing can come after it
   */
  tell(step: PushTrialStep): readonly Finding[] {
    switch (step.step) {
      case "device":
        return [this.#device(step.ok)];
      case "address":
        return [this.#address(step)];
      case "provider":
        return [this.#provider(step.name)];
      case "outcome":
        return this.#outcome(step.outcome);
      case "answer":
        return [this.#answer(step.ok, step.ms)];
    }
  }

  /** What is told where the operator no longer waits. */
  interrupted(): Finding {
    return wrong("answer", "You ended the wait: whether the push arrived is not known");
  }

  #device(isOk: boolean): Finding {
    const { user, device } = this.#subject;
    if (isOk) return ok("device", `User "${user}" has the device "${device}"`);
    return wrong(
      "device",
      `User "${user}" has no device "${device}"`,
      `titan user show lists the devices: it must have signed in once`,
    );
  }

  #address({ ok: isOk, provider, registered }: Extract<PushTrialStep, { step: "address" }>) {
    if (!isOk || provider === undefined || registered === undefined) {
      return wrong(
        "address",
        "The device has no push address",
        "Its application has to call device.register, again where the address was dropped",
      );
    }
    this.#service = provider;
    return ok("address", `By ${provider}, registered ${localDateTime(registered)}`);
  }

  #provider(name: string | undefined): Finding {
    if (name === undefined) return wrong("provider", `The server has none for ${this.#service}`);
    this.#isLogged = name === "log";
    if (!this.#isLogged) return ok("provider", `The server sends by ${name}`);
    return wrong(
      "provider",
      `The server has no credentials for ${this.#service}: it only logs the push`,
      `Set ${variablesOf(this.#service)} and restart it`,
    );
  }

  #outcome(outcome: PushOutcome): readonly Finding[] {
    const check = "push";
    switch (outcome.kind) {
      case "accepted":
        return this.#isLogged ? [] : [ok(check, "The service took it")];
      case "unregistered":
        return [wrong(
          check,
          "The service no longer knows the device",
          "The application was removed, or must register its new address with device.register",
        )];
      case "rejected":
        return [wrong(check, outcome.reason, "The address may be of another application")];
      case "retry":
        return [wrong(check, outcome.reason, "The service may take it later: try again")];
      case "misconfigured":
        return [wrong(check, outcome.reason, `Look at ${variablesOf(this.#service)}`)];
    }
  }

  #answer(isOk: boolean, ms: number): Finding {
    const took = seconds(ms);
    if (isOk) return ok("answer", `The device has seen the push after ${took}`);
    if (ms < this.#subject.ms) return wrong("answer", `The server ended the wait after ${took}`);
    return wrong(
      "answer",
      `The device has not answered within ${took}, though the service took the push`,
      "It may be off or without a network, or not allow notifications; or its application does " +
        "not answer push.received",
    );
  }
}

/** A time as people read it. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
}
