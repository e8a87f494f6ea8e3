import { describe, expect, test } from "vitest";
import { ReadPause, WAIT_MS } from "../../../../src/sync/tunnel/read-pause.ts";

const empty = { records: 0, more: false, waited: false, tookMs: 1 };
const pausesOf = (pause: ReadPause, times: number, chance: number) => Array.from({ length: times }, () => pause.after(empty, chance));

describe("the pause before a channel is read again", () => {
  test("is none while more is ready", () => {
    expect(new ReadPause().after({ ...empty, records: 9, more: true }, 0.5)).toBe(0);
  });

  test("grows from 10 ms, doubled with each empty page, to 500 ms whatever chance says", () => {
    expect(pausesOf(new ReadPause(), 9, 0.999_999).map(Math.round)).toEqual([10, 20, 40, 80, 160, 320, 500, 500, 500]);
    expect(pausesOf(new ReadPause(), 10, 0)).toEqual([5, 10, 20, 40, 80, 160, 320, 500, 500, 500]);
  });

  test("begins anew with a record", () => {
    const pause = new ReadPause();
    pausesOf(pause, 9, 0);
    expect(pause.after({ ...empty, records: 1 }, 0)).toBe(5);
  });
});

describe("waiting at the server instead", () => {
  test("is asked for once the channel was drained, and not while more is ready", () => {
    const pause = new ReadPause();
    expect(pause.mayWait).toBe(false);
    pause.after(empty, 0);
    expect(pause.mayWait).toBe(true);
    pause.after({ ...empty, records: 1, more: true }, 0);
    expect(pause.mayWait).toBe(false);
  });

  test("leaves a short pause behind it, however long nothing comes", () => {
    const pause = new ReadPause();
    pausesOf(pause, 9, 0);
    expect(pause.after({ ...empty, waited: true, tookMs: WAIT_MS }, 0)).toBe(5);
    expect(pause.after({ ...empty, waited: true, tookMs: WAIT_MS }, 0)).toBe(5);
  });

  test("is given up after two empty answers in a row that came too early; records are no such answers", () => {
    const pause = new ReadPause();
    const early = { ...empty, waited: true, tookMs: 3 };
    pause.after(early, 0);
    pause.after({ ...early, tookMs: WAIT_MS }, 0);
    pause.after(early, 0);
    pause.after({ ...early, records: 1 }, 0);
    expect(pause.mayWait).toBe(true);
    pause.after(early, 0);
    expect(pause.mayWait).toBe(false);
    expect(pausesOf(pause, 9, 0).at(-1)).toBe(500);
  });
});
