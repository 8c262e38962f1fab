/**
 * What somebody types in a chat.
 *
 * @module
 */

/** One line, understood. */
export type ChatLine =
  | { readonly kind: "nothing" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "to"; readonly user: string }
  | { readonly kind: "help" }
  | { readonly kind: "quit" }
  | { readonly kind: "unknown"; readonly command: string };

/** What `/help` shows. */
export const CHAT_HELP: readonly string[] = [
  "/to USER  write to somebody else",
  "/quit     leave, when all is acknowledged; Ctrl-D does the same",
  "/help     show this",
  "//text    send a text that begins with a slash",
];

/** Understands a line. A text begins with a slash where the line begins with two. */
export function readChatLine(line: string): ChatLine {
  if (line.trim() === "") return { kind: "nothing" };
  if (!line.startsWith("/")) return { kind: "text", text: line };
  if (line.startsWith("//")) return { kind: "text", text: line.slice(1) };
  const [command = "", argument = "", ...more] = line.slice(1).trim().split(/\s+/);
  const words = more.length + (argument === "" ? 0 : 1);
  if (command === "to" && words === 1) return { kind: "to", user: argument };
  if (command === "help" && words === 0) return { kind: "help" };
  if (command === "quit" && words === 0) return { kind: "quit" };
  return { kind: "unknown", command: `/${command}` };
}
