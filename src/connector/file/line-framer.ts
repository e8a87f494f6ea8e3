import { LF, isBlank, type Framer } from "./framer.ts";

/** A record a line; blank lines are passed over. For JSON Lines, where a line end cannot stand inside a record. */
export class LineFramer implements Framer {
  start = 0;
  stop = 0;
  next = 0;
  linesBefore = 0;
  readonly linesWithin = 1;
  readonly fault = undefined;

  find(window: Uint8Array, at: number, last: boolean): boolean {
    const end = window.length;
    this.linesBefore = 0;
    for (;;) {
      if (at >= end) return false;
      const found = window.indexOf(LF, at);
      const lineEnd = found >= 0 ? found : end;
      if (lineEnd === end && !last) return false;
      let from = at;
      let to = lineEnd;
      while (to > from && isBlank(window[to - 1]!)) to--;
      while (from < to && isBlank(window[from]!)) from++;
      if (to > from) {
        this.start = from;
        this.stop = to;
        this.next = Math.min(lineEnd + 1, end);
        return true;
      }
      this.linesBefore++;
      at = lineEnd + 1;
    }
  }
}
