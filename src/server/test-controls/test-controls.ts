import { type Clock, systemClock } from "../../base/clock.ts";
import { ShiftedClock } from "../../base/shifted-clock.ts";
import type { FaultRule } from "./fault-rule.ts";
import { Faults } from "./faults.ts";

export interface TestControlOptions {
  /** The clock beneath, which dates requests and replies as before; the system's unless told otherwise. */
  readonly clock?: Clock | undefined;
  /** Rules to begin with. */
  readonly faults?: readonly FaultRule[] | undefined;
  /** Decides all that is left to chance in them; 1 unless told otherwise. */
  readonly faultSeed?: number | undefined;
  /** Whether administration calls may use the controls; otherwise only the owner of this object can. */
  readonly remote?: boolean | undefined;
}

/** What a test may do to a server. A server without it cannot be told to misbehave. */
export class TestControls {
  /** The store's time. Clients need not know of it: requests are dated by the clock beneath. */
  readonly clock: ShiftedClock;
  readonly faults: Faults;
  readonly remote: boolean;

  /** @throws TF_FAULT_INVALID */
  constructor({ clock = systemClock, faults = [], faultSeed, remote = false }: TestControlOptions = {}) {
    this.clock = new ShiftedClock(clock);
    this.faults = new Faults(this.clock);
    this.faults.set(faults, faultSeed);
    this.remote = remote;
  }
}
