import type { Clock } from "../../../src/base/clock.ts";
import { seededChance, type Chance } from "../../../src/base/chance.ts";
import { TableferryError } from "../../../src/base/error.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { MemoryStateStore } from "../../../src/pipeline/memory-state-store.ts";
import type { ProcessOwner } from "../../../src/pipeline/process-owner.ts";
import type { StateEntry, StateStore } from "../../../src/pipeline/state-store.ts";

/** `before`: the request never leaves. `after`: it is done, the answer is never seen. `late`: it is done some seconds later. */
export type Moment = "before" | "after" | "late";

/** What befalls the n-th request of a kind (or of all). */
export interface Fate {
  readonly at: number;
  readonly what: "kill" | "lose" | "pause";
  readonly moment: Moment;
  /** Requests whose name begins with it are counted; default all. */
  readonly of?: string;
}

export interface SentRequest {
  readonly process: string;
  readonly name: string;
  readonly sentAt: number;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
const lateMs = 3000;

/** Time, chance and the network of a simulation; what happened, in order. */
export class World {
  readonly clock = new VirtualClock();
  readonly chance: Chance;
  readonly sent: SentRequest[] = [];
  readonly state = new MemoryStateStore();
  /** Virtual milliseconds a request takes at most. */
  latencyMs = 20;
  /** Decides the fate of requests beyond what processes were given; for random losses. */
  disturb: (name: string) => Moment | undefined = () => undefined;

  constructor(seed: number) {
    this.chance = seededChance(seed);
  }

  /** Lets time pass until the promise settles. @throws after an hour of virtual time */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.catch(() => undefined).finally(() => (settled = true));
    for (let waited = 0; !settled && waited < 3_600_000; waited += 100) await this.clock.advance(100);
    if (!settled) throw new Error("the simulation did not come to an end");
    return promise;
  }
}

/** One process: everything it does to the outside goes through `request`, everything it waits for through its clock. */
export class SimulatedProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly world: World;
  /** Settles when the process is killed. */
  readonly death: Promise<"killed">;
  readonly owner: ProcessOwner;
  dead = false;
  paused = false;
  readonly #fates: readonly Fate[];
  readonly #counts = new Map<string, number>();
  #die: () => void = () => undefined;
  #held: (() => void)[] = [];

  constructor(world: World, name: string, fates: readonly Fate[] = []) {
    this.world = world;
    this.name = name;
    this.#fates = fates;
    this.chance = seededChance(Math.floor(world.chance.next() * 2 ** 31));
    this.death = new Promise((resolve) => (this.#die = () => resolve("killed")));
    this.owner = { host: name, boot: "", pidSpace: "", pid: 1, started: "" };
    this.clock = this.#clockOf(world.clock);
  }

  kill(): void {
    this.dead = true;
    this.#die();
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    for (const run of this.#held.splice(0)) run();
  }

  /** Sends something over the network and waits for the answer. */
  async request<T>(name: string, effect: () => T): Promise<T> {
    if (this.dead) return never();
    const { world } = this;
    world.sent.push({ process: this.name, name, sentAt: world.clock.monotonic() });
    const fate = this.#fateOf(name);
    const lost = fate?.what === "lose" ? fate.moment : fate === undefined ? world.disturb(name) : undefined;
    if (fate?.what === "kill") return this.#end(fate.moment, effect);
    if (fate?.what === "pause") this.pause();
    await world.clock.sleep(world.chance.next() * world.latencyMs);
    if (lost === "late") world.clock.after(lateMs, () => void effect());
    const result = lost === undefined || lost === "after" ? settle(effect) : undefined;
    if (this.paused) await new Promise<void>((resume) => this.#held.push(resume));
    if (this.dead) return never();
    if (lost !== undefined) throw new TableferryError("TF_CONNECTION", { message: `the answer to ${name} was lost` });
    return result!();
  }

  #end<T>(moment: Moment, effect: () => T): Promise<T> {
    if (moment === "after") settle(effect);
    if (moment === "late") this.world.clock.after(lateMs, () => void settle(effect));
    this.kill();
    return never();
  }

  #fateOf(name: string): Fate | undefined {
    return this.#fates.find((fate) => {
      const of = fate.of ?? "";
      if (!name.startsWith(of)) return false;
      const key = `${of}#${this.#fates.indexOf(fate)}`;
      const count = (this.#counts.get(key) ?? 0) + 1;
      this.#counts.set(key, count);
      return count === fate.at;
    });
  }

  #clockOf(clock: Clock): Clock {
    const after = (ms: number, run: () => void) =>
      clock.after(ms, () => {
        if (this.dead) return;
        if (this.paused) this.#held.push(run);
        else run();
      });
    return {
      now: () => clock.now(),
      nowMicros: () => clock.nowMicros(),
      monotonic: () => clock.monotonic(),
      after,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const stop = () => {
            cancel();
            reject(signal?.reason);
          };
          const cancel = after(ms, () => {
            signal?.removeEventListener("abort", stop);
            resolve();
          });
          signal?.addEventListener("abort", stop, { once: true });
        }),
    };
  }
}

/** Runs now, gives or throws the outcome later. */
function settle<T>(effect: () => T): () => T {
  try {
    const result = effect();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The world's state store as one process reaches it. */
export class SimulatedState implements StateStore {
  readonly title = "simulated state";
  readonly #process: SimulatedProcess;
  readonly #entries: Map<string, StateEntry>;

  constructor(process: SimulatedProcess) {
    this.#process = process;
    this.#entries = process.world.state.entries;
  }

  get(key: string): Promise<StateEntry | undefined> {
    return this.#retried(() => this.#process.request(`state get ${key}`, () => this.#entries.get(key)));
  }

  /** As a table does it: conditional, and read back after a lost answer. */
  async compareAndSet(key: string, expected: Pick<StateEntry, "token" | "seq"> | undefined, next: StateEntry): Promise<boolean> {
    const matches = (entry: Pick<StateEntry, "token" | "seq"> | undefined) => {
      const stored = this.#entries.get(key);
      return stored === undefined || entry === undefined ? stored === entry : stored.token === entry.token && stored.seq === entry.seq;
    };
    for (;;) {
      try {
        const set = await this.#process.request(`state set ${key}`, () => matches(expected) && this.#entries.set(key, next) !== undefined);
        if (set) return true;
        const stored = await this.get(key);
        return stored?.token === next.token && stored.seq === next.seq;
      } catch {
        const stored = await this.get(key);
        if (stored?.token === next.token && stored.seq === next.seq) return true;
        if (stored?.token !== expected?.token || stored?.seq !== expected?.seq) return false;
      }
    }
  }

  async *scan(prefix: string): AsyncGenerator<readonly [string, StateEntry]> {
    const found = await this.#retried(() =>
      this.#process.request(`state scan ${prefix}`, () =>
        [...this.#entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    );
    yield* found;
  }

  async remove(key: string): Promise<void> {
    const stored = await this.get(key);
    const remove = () => {
      const now = this.#entries.get(key);
      if (now?.token === stored?.token && now?.seq === stored?.seq) this.#entries.delete(key);
    };
    await this.#retried(() => this.#process.request(`state remove ${key}`, remove));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #retried<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch {
        await this.#process.clock.sleep(10);
      }
    }
  }
}
