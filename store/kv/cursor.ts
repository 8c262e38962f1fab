/**
 * A device's place in a mailbox, and what it is owed.
 *
 * @module
 */
import type { Position, PushAddress } from "../store.ts";
import type { CursorState, Reach } from "./lines.ts";

/** A device's place in a mailbox. */
export interface Cursor extends CursorState {
  readonly device: string;
  /** How many connections of the device read here: two while a newer replaces an older. */
  readers: number;
  position: Position;
  sent: Position;
  live: boolean;
  reach: Reach | undefined;
}

/** A cursor that was read from the disk. */
export function storedCursor(device: string, state: CursorState): Cursor {
  const { position, sent, live, reach } = state;
  return { device, position, sent, live, reach, readers: 0 };
}

/** What is to be written of a cursor. */
export function cursorState({ position, sent, live, reach }: CursorState): CursorState {
  return { position, sent, live, reach };
}

/**
 * Says whose service reaches the device; null: none does.
 *
 * @param isNew whether that is at another address than before
 * @returns whether anything is other than before
 */
export function setReach(
  cursor: Pick<Cursor, "reach">,
  provider: PushAddress["provider"] | null,
  isNew = false,
): boolean {
  if ((cursor.reach?.provider ?? null) === provider && !isNew) return false;
  const { upTo: spoken, at } = cursor.reach ?? { upTo: 0, at: 0 };
  // What was sent to another address may have been refused there, or shown to nobody.
  const upTo = isNew ? 0 : spoken;
  cursor.reach = provider === null ? undefined : { provider, upTo, at };
  return true;
}

/** Whether a push may be owed to the device of a mailbox whose newest entry is `last`. */
export function mayBeOwed(
  { position, reach }: Pick<CursorState, "position" | "reach">,
  last: Position,
): boolean {
  return reach !== undefined && Math.max(position, reach.upTo) < last;
}
