/**
 * Text of others on a terminal: it must not move the cursor, change colours or set the title.
 *
 * @module
 */

/** Where the pictures of control characters begin in Unicode: U+0000 is shown as U+2400. */
const PICTURES = 0x2400;
const DELETE = 0x7f;
const DELETE_PICTURE = "\u2421";

/** Stands for what has no picture. */
const REPLACEMENT = "\ufffd";

/**
 * Control characters, line and paragraph separators, and what changes the direction of the text
 * behind it. The joiners that emoji are made with stay.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text on one line, with a sign for each character that is not safe to print. */
export function printableLine(text: string): string {
  return text.replace(UNSAFE, sign);
}

/**
 * A text of one or more lines. Further lines are indented, so that none can be taken for one that
 * Titan has written.
 */
export function printableText(text: string): string {
  return text.split(/\r\n|\n/).map(printableLine).join("\n    ");
}

function sign(character: string): string {
  const code = character.charCodeAt(0);
  if (character === "\t") return "    ";
  if (code < 0x20) return String.fromCharCode(PICTURES + code);
  return code === DELETE ? DELETE_PICTURE : REPLACEMENT;
}
