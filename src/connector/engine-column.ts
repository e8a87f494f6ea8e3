/**
 * The engine's own column: the origin marker of a two-way sync (R4), in every row that it has written. Not a part of what a row says:
 * canonical forms leave it out (R7), and it never goes from one side to the other.
 */
export const markerColumn = "tableferry_origin";
