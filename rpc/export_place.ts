/**
 * Where the next page of an export begins, as the text that goes to the client and comes back.
 *
 * @module
 */
import { z } from "zod";
import type { AsidePlace, Position } from "../store/mod.ts";
import { stringCheck } from "./invalid_params.ts";
import { parseDeviceId } from "./user_id.ts";

/** Where an export goes on: first there is the mailbox, then what was set aside. */
export type ExportPlace =
  /** Behind a position. */
  | { readonly part: "mailbox"; readonly after: Position }
  /** Behind one that was set aside, or at the first. */
  | { readonly part: "aside"; readonly after: AsidePlace | null };

/** The longest text of a place: the largest position and the longest device id. */
export const EXPORT_PLACE_CHARS_MAX = 82;

/** A place in the mailbox, the beginning of what was set aside, or a place in that. */
const PLACE = /^(?:m(\d{1,16})|a(?:(\d{1,16}):(.+))?)$/su;

/** A place as it comes from the wire. */
export const exportPlace: z.ZodType<ExportPlace> = z.string()
  .check(
    stringCheck((text) =>
      parseExportPlace(text) === undefined ? { detail: 'must be the "next" of a page' } : text
    ),
  )
  .meta({ maxLength: EXPORT_PLACE_CHARS_MAX })
  .transform((text) => parseExportPlace(text) ?? z.NEVER);

/** Writes a place. */
export function exportPlaceText({ part, after }: ExportPlace): string {
  if (part === "mailbox") return `m${after}`;
  return after === null ? "a" : `a${after.position}:${after.device}`;
}

/** Reads what {@linkcode exportPlaceText} wrote; undefined where it is something else. */
export function parseExportPlace(text: string): ExportPlace | undefined {
  if (text.length > EXPORT_PLACE_CHARS_MAX) return undefined;
  const [found, mailbox, position, device] = PLACE.exec(text) ?? [];
  if (found === undefined) return undefined;
  const place = placeOf(mailbox, position, device);
  // There is one text for each place: all else that could be read as one is none.
  return exportPlaceText(place) === text ? place : undefined;
}

function placeOf(
  mailbox: string | undefined,
  position: string | undefined,
  device: string | undefined,
): ExportPlace {
  if (mailbox !== undefined) return { part: "mailbox", after: positionOf(mailbox) };
  if (position === undefined || device === undefined) return { part: "aside", after: null };
  return {
    part: "aside",
    after: { position: positionOf(position), device: parseDeviceId(device) ?? "" },
  };
}

function positionOf(digits: string): Position {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}
