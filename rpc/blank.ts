/**
 * Characters that leave nothing to see.
 *
 * @module
 */

/**
 * What leaves nothing to see, as the inside of a character class of a pattern with the flag `u`:
 * white space and format characters, all that Unicode wants ignored where it cannot be shown
 * (UAX #44, `Default_Ignorable_Code_Point`: fillers of Hangul, variation selectors and the like), and
 * letters and symbols whose sign is empty: of Braille, of hieroglyphs, and of music.
 */
export const BLANK: string = String
  .raw`\p{Z}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800\u{13441}\u{13442}\u{1D159}`;
