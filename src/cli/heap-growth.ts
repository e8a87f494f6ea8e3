import { setFlagsFromString } from "node:v8";
import { systemClock } from "../base/clock.ts";

const YOUNG_GROWTH_MS = 1500;
let cancel: () => void = () => undefined;

/**
 * For commands that copy: a small heap beside large buffers makes V8 collect all of it every few pages, so it may grow by more than V8 would let it: an eighth
 * less CPU in a copy for 10 MB of memory. But what a copy makes dies young, and room for the young that grows with the work only keeps it longer: 4 M rows took 221 MB, and 134 with
 * this. Some growth is of use, a twentieth of a copy's CPU: hence the wait.
 */
export function growHeapForCopies(): void {
  setFlagsFromString("--heap-growing-percent=60");
  cancel = systemClock.after(YOUNG_GROWTH_MS, () => setFlagsFromString("--semi-space-growth-factor=1"));
}

/**
 * For a server, whose heap is small: it was marked six times a second for the sake of copies, 2.5 of the 13 µs a row of batch writes; and without room for the
 * young a range read took 5.3 instead of 3.3 µs a row, since the rows of a page outlive many collections.
 */
export function leaveHeapToV8(): void {
  cancel();
  setFlagsFromString("--heap-growing-percent=0");
}
