/**
 * What of the server's answers is written down.
 *
 * @module
 */
import type { Ask } from "./account_calls.ts";
import type { DeviceTold, TokenRecord, Told } from "./account_history.ts";

/** Asks for all pages of an export. */
export async function exportAll(ask: Ask): ReturnType<Ask> {
  const pages: unknown[] = [];
  for (let after: unknown = 0;;) {
    const page = await ask("user.export", after === 0 ? {} : { after });
    if (page?.kind !== "done") return page;
    pages.push(page.result);
    after = (page.result as Record<string, unknown>)["next"];
    if (after === null) return { kind: "done", at: page.at, result: pages };
  }
}

/** The user, as the user is told. */
export function userOf(result: unknown): NonNullable<Told["user"]> {
  const { id, email, registered } = result as Record<string, string>;
  return { id: id ?? "", email, registered };
}

/** The devices of a list, or of the first page of an export. */
export function devicesOf(result: unknown): readonly DeviceTold[] {
  const { devices } = result as { devices: Record<string, unknown>[] };
  return devices.map(({ device, push }) => {
    const token = typeof push === "object" ? (push as Record<string, unknown>)["token"] : push;
    return { device: String(device), push: token === undefined ? undefined : String(token) };
  });
}

/** What the pages of an export tell. */
export function exportOf(pages: unknown): Told {
  const [first] = list(pages);
  return {
    user: userOf(first?.["user"]),
    devices: devicesOf(first),
    texts: list(pages).flatMap(textsOf),
  };
}

/** The tokens of an answer, and whose they are. */
export function tokensOf(about: Omit<TokenRecord, "kind" | "text">, result: unknown): Told {
  const { token, refresh, id, user } = result as Record<string, unknown>;
  return {
    tokens: [
      { ...about, kind: "access", text: String(token) },
      { ...about, kind: "refresh", text: String(refresh) },
    ],
    user: { id: String(id ?? user), email: undefined, registered: undefined },
  };
}

function textsOf(page: Record<string, unknown>): readonly string[] {
  return list(page["messages"]).flatMap(({ message }) =>
    typeof message === "string" ? [message] : []
  );
}

function list(value: unknown): readonly Record<string, unknown>[] {
  return value as Record<string, unknown>[];
}
