/** What is done to a running sync on purpose. */
export const faults = [
  "crash",
  "partition",
  "stop",
  "lost reply",
  "duplicate",
  "late",
  "delay",
  "throttle",
  "server error",
  "row error",
  "split",
  "hand-over",
  "clock jump",
  "power cut",
  "pause",
  "drain",
  "replay",
] as const;
export type Fault = (typeof faults)[number];

/**
 * What a worker is doing, as far as can be seen from outside; it may be doing several of these. `taking over`: it was given a channel and has written nothing for it
 * yet. `splitting`: a channel waits for its parent. `parked`: changes of a key are put aside.
 */
export const states = ["preparing", "copying", "taking over", "reading", "applying", "splitting", "paused", "parked"] as const;
export type EngineState = (typeof states)[number];

/** A fault that is to meet a state. */
export interface Goal {
  readonly fault: Fault;
  readonly state: EngineState;
}

/** How often each fault met each state. */
export class Coverage {
  readonly #counts = new Map<string, number>();

  add(fault: Fault, met: Iterable<EngineState>): void {
    for (const state of met) this.#counts.set(`${fault}|${state}`, this.count(fault, state) + 1);
  }

  count(fault: Fault, state: EngineState): number {
    return this.#counts.get(`${fault}|${state}`) ?? 0;
  }

  merge(entries: readonly (readonly [string, number])[]): void {
    for (const [pair, count] of entries) this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + count);
  }

  get entries(): readonly (readonly [string, number])[] {
    return [...this.#counts];
  }

  /** Pairs met less often than that. */
  below(least: number): readonly string[] {
    return faults.flatMap((fault) =>
      states.filter((state) => this.count(fault, state) < least).map((state) => `${fault} × ${state}: ${this.count(fault, state)}`),
    );
  }

  table(): string {
    const width = 12;
    const head = ["".padEnd(width), ...states.map((state) => state.padStart(width))].join("");
    return [
      head,
      ...faults.map((fault) => [fault.padEnd(width), ...states.map((state) => String(this.count(fault, state)).padStart(width))].join("")),
    ].join("\n");
  }
}
