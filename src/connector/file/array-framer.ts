import { FrameFault, LF, QUOTE, isBlank, type Framer } from "./framer.ts";

const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Elements of one JSON array. Only brackets, braces and strings are followed; whether an element is valid JSON is for the
 * one who parses it. After an element the position is right behind it, so that the comma shows that another must follow.
 */
export class ArrayFramer implements Framer {
  start = 0;
  stop = 0;
  next = 0;
  linesBefore = 0;
  linesWithin = 0;
  readonly fault = undefined;

  #place: "before" | "first" | "between" | "after";

  /** `resuming`: the first search begins right behind an element. */
  constructor(resuming: boolean) {
    this.#place = resuming ? "between" : "before";
  }

  find(window: Uint8Array, at: number, last: boolean): boolean {
    const end = window.length;
    this.linesBefore = 0;
    let place = this.#place;
    let comma = false;
    for (;;) {
      while (at < end && isBlank(window[at]!)) {
        if (window[at] === LF) this.linesBefore++;
        at++;
      }
      if (at >= end) {
        if (last && place !== "after")
          throw new FrameFault(place === "before" ? "there is no JSON array" : "the array is never closed", end);
        return false;
      }
      const byte = window[at]!;
      if (place === "before") {
        if (byte !== OPEN_ARRAY) throw new FrameFault("a JSON file must be one array of objects", at);
        place = "first";
      } else if (place === "after") {
        throw new FrameFault("something follows the array", at);
      } else if (byte === CLOSE_ARRAY && !comma) {
        place = "after";
      } else if (place === "between" && !comma) {
        if (byte !== COMMA) throw new FrameFault("a comma or the end of the array is missing", at);
        comma = true;
      } else {
        return this.#element(window, at, end, last);
      }
      at++;
    }
  }

  #element(window: Uint8Array, start: number, end: number, last: boolean): boolean {
    const stop = this.#endOfElement(window, start, end);
    if (stop < 0) {
      if (last) throw new FrameFault("the last element is cut off", start);
      return false;
    }
    this.#place = "between";
    this.start = start;
    this.stop = stop;
    this.next = stop;
    return true;
  }

  /** Offset after the element that begins at `at`, −1 when it lies beyond the window. */
  #endOfElement(window: Uint8Array, at: number, end: number): number {
    let depth = 0;
    this.linesWithin = 0;
    const start = at;
    while (at < end) {
      const byte = window[at]!;
      if (byte === QUOTE) {
        at = endOfString(window, at);
        if (at < 0) return -1;
        if (depth === 0) return at;
        continue;
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (depth === 0) return scalarEnd(start, at);
        depth--;
        if (depth === 0) return at + 1;
      } else if (depth === 0 && (byte === COMMA || isBlank(byte))) {
        return scalarEnd(start, at);
      } else if (byte === LF) this.linesWithin++;
      at++;
    }
    return -1;
  }
}

function scalarEnd(start: number, at: number): number {
  if (at === start) throw new FrameFault("an element is missing", at);
  return at;
}

/** Offset after the string whose opening quote is at `at`, −1 when it lies beyond the window. */
function endOfString(window: Uint8Array, at: number): number {
  for (let from = at + 1; ;) {
    const quote = window.indexOf(QUOTE, from);
    if (quote < 0) return -1;
    let slashes = 0;
    while (window[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}
