/**
 * Why the figures of a round may show nothing: what was to happen to the server harmed nobody.
 *
 * @module
 */
import type { RoundFigures } from "./round_figures.ts";

/** A server that ended, and another: something was on its way, in either direction. */
export function doubtServer({ resent, redelivered }: RoundFigures): string | undefined {
  return resent + redelivered > 0 ? undefined : "Nothing was on its way when the server ended";
}

/** A server that stood still for so long: nobody had an acknowledgement meanwhile. */
export function doubtStop({ harmMs, pauseMs }: RoundFigures): string | undefined {
  // The load's clock and its last messages are a little late.
  if (pauseMs > harmMs / 2) return undefined;
  return `Somebody was served while the server stood still: nobody was for ${pauseMs} ms at most`;
}

/** A full disk: messages were refused, and none before. */
export function doubtDisk({ refused, refusedBefore }: RoundFigures): string | undefined {
  if (refusedBefore > 0) return `${refusedBefore} were refused before it happened`;
  return refused === 0 ? "Nobody was refused: it did not happen" : undefined;
}

/** What shows in another way, or shows that nobody notices it. */
export function doubtNothing(): undefined {
  return undefined;
}
