import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";

const MB = 1024 * 1024;

/**
 * Bytes that young objects have room for: a row that is read is one, and with less it lives to be looked at twice. V8 begins with 1 MB and doubles it as long as
 * a flag lets it. Server CPU a row of range reads, medians of 9 by turns: 3.4 µs with 1 MB, 2.8 with 2, 2.6 with 4, 2.8 with 8; left to V8, 5 M rows took 329 MB of
 * anonymous memory.
 */
const YOUNG_BYTES = 4 * MB;

/** The heap of a server has 10 to 17 MB, whatever its store on disk holds. */
const SMALL_HEAP_BYTES = 24 * MB;

/**
 * What V8 is told of a server's heap as it is. A small one may grow to four times its size before it is marked: the buffers of rows and pages count for it, so that
 * by its own rule V8 marked it every third page of a range read, although they are gone by then. A large one is left to V8, which bounds what lies about.
 * @param youngBytes what is of use of the room for young objects, a little less than V8 took
 */
export function heapFlags(youngBytes: number, heapBytes: number): readonly string[] {
  return [
    `--semi-space-growth-factor=${youngBytes < 0.75 * YOUNG_BYTES ? 2 : 1}`,
    `--heap-growing-percent=${heapBytes < SMALL_HEAP_BYTES ? 300 : 0}`,
  ];
}

/**
 * Keeps V8's flags to what `heapFlags` says. V8 has none that bound the room for young objects once it runs, and takes room back from a server that rests, so the
 * heap is looked at behind every collection: some dozens a second under load, none at rest.
 * @param tell hands V8 a flag
 * @returns ends it
 */
export function tendHeap(tell: (flag: string) => void = setFlagsFromString): () => void {
  const look = () => heapFlags(youngBytes(), getHeapStatistics().used_heap_size).forEach((flag) => tell(flag));
  look();
  const collections = new PerformanceObserver(look);
  collections.observe({ entryTypes: ["gc"] });
  return () => collections.disconnect();
}

function youngBytes(): number {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return young === undefined ? YOUNG_BYTES : young.space_used_size + young.space_available_size;
}
