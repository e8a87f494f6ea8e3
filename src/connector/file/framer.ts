/**
 * Finds where records begin and end, on bytes, before anything is decoded: so a position is an exact offset, a broken
 * record can be shown as it stands, and memory is one record's. A framer keeps no bytes; all offsets are in the window.
 */
export interface Framer {
  /** Content of the record found, without its terminator. */
  readonly start: number;
  readonly stop: number;
  /** Where the next search begins. */
  readonly next: number;
  /** Line ends passed before `start`, and from there to `next`. */
  readonly linesBefore: number;
  readonly linesWithin: number;
  /** Why the record cannot be right although its end is known. */
  readonly fault: string | undefined;
  /**
   * Looks for the record at or after `at`; `last` says that nothing follows the window.
   * False: more bytes are needed, or, with `last`, there are no more records. @throws FrameFault
   */
  find(window: Uint8Array, at: number, last: boolean): boolean;
}

/** The structure is lost: nothing after `at` can be trusted. */
export class FrameFault extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.name = "FrameFault";
    this.at = at;
  }
}

export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;

/** True for the four blanks of JSON. */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === LF || byte === CR || byte === 0x09;
}
