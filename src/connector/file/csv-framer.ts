import { CR, FrameFault, LF, QUOTE, type Framer } from "./framer.ts";

/**
 * Records of CSV (RFC 4180): a line end inside a quoted field belongs to the field. A quote counts only at the beginning
 * of a field; elsewhere it is a character like any other. Blank lines are passed over.
 */
export class CsvFramer implements Framer {
  start = 0;
  stop = 0;
  next = 0;
  linesBefore = 0;
  linesWithin = 1;
  fault: string | undefined;
  /** Whether the record has a quote at all; without one it is split by the delimiter alone. */
  quoted = false;

  readonly #delimiter: number;
  /** The first quote at or after `#quoteFrom` of this window, so that unquoted lines cost no search each. */
  #window: Uint8Array | undefined;
  #quote = -1;
  #quoteFrom = 0;

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  find(window: Uint8Array, at: number, last: boolean): boolean {
    const end = window.length;
    this.linesBefore = 0;
    this.fault = undefined;
    for (;;) {
      if (at >= end) return false;
      const found = window.indexOf(LF, at);
      const lineEnd = found >= 0 ? found : end;
      this.start = at;
      this.quoted = this.#quoteBefore(window, at, lineEnd);
      if (this.quoted) return this.#findQuoted(window, at, end, last);
      if (lineEnd === end && !last) return false;
      this.#finish(window, lineEnd, end, 1);
      if (this.stop > this.start) return true;
      this.linesBefore++;
      at = this.next;
    }
  }

  #quoteBefore(window: Uint8Array, at: number, lineEnd: number): boolean {
    if (this.#window !== window || this.#quoteFrom > at || (this.#quote >= 0 && this.#quote < at)) {
      this.#quote = window.indexOf(QUOTE, at);
      this.#quoteFrom = at;
      this.#window = window;
    }
    return this.#quote >= 0 && this.#quote < lineEnd;
  }

  #finish(window: Uint8Array, lineEnd: number, end: number, lines: number): void {
    this.stop = lineEnd > this.start && window[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    this.next = Math.min(lineEnd + 1, end);
    this.linesWithin = lines;
  }

  /** Field by field, because only the beginning of a field tells what a quote means. */
  #findQuoted(window: Uint8Array, at: number, end: number, last: boolean): boolean {
    let lines = 1;
    for (;;) {
      if (at < end && window[at] === QUOTE) {
        const opened = at;
        at = closingQuote(window, at + 1);
        if (at < 0 || (at + 1 >= end && !last)) {
          if (last) throw new FrameFault("a quoted field is never closed", opened);
          return false;
        }
        for (let i = window.indexOf(LF, opened); i >= 0 && i < at; i = window.indexOf(LF, i + 1)) lines++;
        at++;
        const after = window[at];
        if (at < end && after !== this.#delimiter && after !== LF && !(after === CR && (at + 1 === end || window[at + 1] === LF))) {
          this.fault = "text follows a closing quote";
        }
      }
      while (at < end && window[at] !== this.#delimiter && window[at] !== LF) at++;
      if (at >= end) {
        if (!last) return false;
        this.#finish(window, end, end, lines);
        return true;
      }
      if (window[at] === LF) {
        this.#finish(window, at, end, lines);
        return true;
      }
      at++;
    }
  }
}

/** Index of the quote that closes the field, −1 when it lies beyond the window; `""` stands for one quote. */
function closingQuote(window: Uint8Array, at: number): number {
  for (;;) {
    const quote = window.indexOf(QUOTE, at);
    if (quote < 0 || window[quote + 1] !== QUOTE) return quote;
    at = quote + 2;
  }
}
