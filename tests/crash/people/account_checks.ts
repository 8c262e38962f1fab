/**
 * What people were promised of their accounts, against what they wrote down: a sign-in, a renewal
 * and an end that were acknowledged hold in all later lives of the server.
 *
 * @module
 */
import { RPC_ERRORS } from "../../../rpc/rpc_error.ts";
import type { Evidence } from "../checker.ts";
import type { Act, TokenRecord } from "./account_history.ts";
import { endOf, isDoubtful, type Story } from "./account_story.ts";
import { reportAct } from "./act_lines.ts";
import { checkPushes } from "./push_checks.ts";
import { checkStays } from "./stay_checks.ts";

/** How long a connection may outlive its token, in milliseconds: a second, on a busy machine. */
const CLOSE_MS_MAX = 5000;

/** Checks everything of all people. */
export function checkAccounts(evidence: Evidence): void {
  for (const story of evidence.stories.values()) {
    for (const { rule, what, act } of story.faults) reportAct(evidence, story, rule, what, act);
    for (const act of story.person.acts) {
      checkAnswer(act, story, evidence);
      checkToken(act, story, evidence);
      checkUser(act, story, evidence);
    }
  }
  checkConnections(evidence);
  checkPushes(evidence);
  checkStays(evidence);
}

/** Whatever is asked of a server that lives is answered, and only tokens are refused. */
function checkAnswer(act: Act, story: Story, evidence: Evidence): void {
  const { answer, kind } = act;
  const { lives } = evidence.history;
  if (answer === undefined) {
    const isOver = kind === "visit" || Number.isFinite(endOf(act, lives));
    const hasBegun = (lives.at(-1)?.ready ?? Infinity) < act.at;
    if (!isOver && hasBegun) reportAct(evidence, story, "answer", `${kind} was not answered`, act);
  } else if (answer.kind === "refused") {
    const isToken = act.token !== undefined && answer.code === RPC_ERRORS.bad_credential.code;
    if (isToken) return;
    reportAct(evidence, story, "answer", `${kind} was refused with ${answer.code}`, act);
  }
}

/** A token counts until something ends it, and never again afterwards. */
function checkToken(act: Act, story: Story, evidence: Evidence): void {
  const { token, answer, kind } = act;
  const validity = token && story.tokens.get(token);
  if (token === undefined || validity === undefined || answer === undefined) return;
  const { dead, why } = validity;
  if (answer.kind === "done" && act.at > dead) {
    const what = `${kind} worked with ${nameOf(token)}, dead since ${dead.toFixed(0)} ms: ${why}`;
    reportAct(evidence, story, "revoked", what, act);
  }
  if (answer.kind === "refused" && !isDoubtful(validity, act)) {
    const what = `${kind} was refused (${answer.why}) with ${nameOf(token)}, which counts`;
    reportAct(evidence, story, "lost", what, act);
  }
}

/** One subject is one user, with the address that the issuer said. */
function checkUser(act: Act, story: Story, evidence: Evidence): void {
  const user = act.answer?.kind === "done" ? act.answer.told.user : undefined;
  if (user === undefined) return;
  const { person } = story;
  if (user.id !== person.user) {
    reportAct(evidence, story, "user", `${act.kind} answers another user: ${user.id}`, act);
  }
  // Only what is told with the time of the registration is all of the user.
  if (user.registered !== undefined && user.email !== person.email) {
    reportAct(evidence, story, "user", `${act.kind} answers another address: ${user.email}`, act);
  }
}

/** Whoever came in with a token goes when it ends. */
function checkConnections(evidence: Evidence): void {
  const { history: { devices }, stories, reporter } = evidence;
  for (const { user, device, connections } of devices) {
    for (const { token, since, ended } of connections) {
      const dead = token && stories.get(user)?.tokens.get(token)?.dead;
      if (token === undefined || dead === undefined) continue;
      if (ended <= Math.max(since, dead) + CLOSE_MS_MAX) continue;
      const what = `${user}/${device} stayed ${(ended - dead).toFixed(0)} ms after its token`;
      reporter.report("revoked", what, []);
    }
  }
}

function nameOf({ kind, device, session, generation }: TokenRecord): string {
  return `the ${kind} token ${generation} of session ${session} of ${device}`;
}
