/**
 * A push token is on the device that registered it last, and on no other.
 *
 * @module
 */
import type { Evidence } from "../checker.ts";

import type { Act, DeviceTold } from "./account_history.ts";
import { reportAct } from "./act_lines.ts";
import { endOf, type Span, type Story } from "./account_story.ts";

/** What a list tells of a device that can be woken. */
const PROVIDER = "fcm";

/** A registration of a push token. */
interface Taking extends Span {
  readonly push: string;
  readonly user: string;
  readonly device: string;
}

/** Everything that gives push tokens to devices. */
type Takings = readonly Taking[];

/** When somebody looked at a device. */
interface Look {
  readonly from: number;
  readonly to: number;
}

/** Checks what every list and every export tells of push. */
export function checkPushes(evidence: Evidence): void {
  const { stories, history } = evidence;
  const takings = [...stories.values()].flatMap(({ person: { user, acts } }) =>
    acts.flatMap((act): Taking[] => {
      const { push, device, at: from, answer } = act;
      if (push === undefined || answer?.kind === "refused") return [];
      const to = endOf(act, history.lives);
      return [{ push, user, device, from, to, isCertain: answer !== undefined }];
    })
  );
  for (const story of stories.values()) {
    for (const act of story.person.acts) {
      if (act.answer?.kind !== "done") continue;
      for (const told of act.answer.told.devices ?? []) {
        const fault = faultOf(act, told, story, takings);
        if (fault !== null) reportAct(evidence, story, "push", `${told.device} ${fault}`, act);
      }
    }
  }
}

/** What is wrong with what a device is told to have; null: nothing. */
function faultOf(act: Act, told: DeviceTold, story: Story, takings: Takings): string | null {
  const { device, push } = told;
  const look = { from: act.at, to: act.answer?.at ?? act.at };
  const own = { user: story.person.user, device };
  const due = dueAt(own, look, story, takings);
  const possible = takings.filter((taking) => mayHave(taking, own, look, story, takings));
  if (act.kind === "list" && push !== undefined) {
    if (push !== PROVIDER) return "tells more than the provider";
    return possible.length > 0 ? null : "can be woken, and should not";
  }
  if (push === undefined) return due === undefined ? null : `lost ${due.join(" or ")}`;
  if (!possible.some((taking) => taking.push === push)) return `has ${push}, and should not`;
  return due?.includes(push) === false ? `has ${push} and not ${due.join(" or ")}` : null;
}

/** Whether a device may still have what it took: nothing certain took it away in between. */
function mayHave(
  taking: Taking,
  own: Pick<Taking, "user" | "device">,
  look: Look,
  story: Story,
  takings: Takings,
): boolean {
  if (!isOf(taking, own) || taking.from >= look.to) return false;
  const isBetween = ({ from, to, isCertain }: Span) =>
    isCertain && from >= taking.to && to <= look.from;
  if (story.endings.get(own.device)?.some(isBetween)) return false;
  return !takings.some((other) =>
    other !== taking && isBetween(other) &&
    // The device took another one, or another device took this one.
    (isOf(other, own) ? other.push !== taking.push : other.push === taking.push)
  );
}

/**
 * Of what a device must have one: the last that it took for certain, or of those that it may have
 * taken since; undefined where something may have taken one of them away.
 */
function dueAt(
  own: Pick<Taking, "user" | "device">,
  look: Look,
  story: Story,
  takings: Takings,
): readonly string[] | undefined {
  const mine = takings.filter((taking) => isOf(taking, own) && taking.from < look.to);
  const index = mine.findLastIndex(({ isCertain }) => isCertain);
  const last = mine[index];
  if (last === undefined || last.to > look.from) return undefined;
  const pushes = mine.slice(index).map(({ push }) => push);
  const isSince = ({ from, to }: Span) => to > last.from && from < look.to;
  if (story.endings.get(own.device)?.some(isSince)) return undefined;
  const isTaken = takings.some((other) =>
    !isOf(other, own) && pushes.includes(other.push) && isSince(other)
  );
  return isTaken ? undefined : pushes;
}

function isOf({ user, device }: Taking, own: Pick<Taking, "user" | "device">): boolean {
  return user === own.user && device === own.device;
}
