import type { FaultRule } from "../../../src/server/test-controls/fault-rule.ts";
import { Coverage, type Fault, type Goal } from "./goals.ts";
import { mishaps, type Link, type Mishap, type Weather } from "./link.ts";
import type { Operator } from "./operator.ts";
import { keyOf } from "./scenario.ts";
import { INSTANCE } from "./simulated-server.ts";
import { SOURCE } from "./source-writer.ts";
import { STATE, TARGET } from "./witness.ts";
import type { SimulatedWorker, World } from "./world.ts";

/** An order to drain, and who was there then. */
interface Drain {
  readonly number: number;
  readonly workers: readonly SimulatedWorker[];
}

const workerOperations = [
  ...["GetRow", "GetRange", "BatchGetRow", "BatchWriteRow", "DescribeTable"],
  ...["tunnel/connect", "tunnel/heartbeat", "tunnel/getcheckpoint", "tunnel/readrecords", "tunnel/checkpoint"],
] as NonNullable<FaultRule["operations"]>;

/** Makes trouble: every fault of the seed when a worker comes to the state it is meant for. */
export class Director {
  readonly coverage = new Coverage();
  readonly #world: World;
  readonly #operator: Operator;
  #goals: Goal[];
  #over = false;
  #rules: FaultRule[] = [];
  #drain: Drain | undefined;
  /** Orders to the operator, one after another. */
  #orders: Promise<unknown> = Promise.resolve();

  constructor(world: World) {
    this.#world = world;
    this.#operator = world.operator();
    this.#goals = [...world.scenario.goals];
    world.onMishap = (worker, mishap) => {
      if (mishap !== "lost request") this.coverage.add(mishap, world.statesOf(worker));
    };
    world.onRequest = () => this.#look();
    world.onEnd = (worker) => void this.#ended(worker);
  }

  /** Workers, writers, and what must be so that goals can be met. */
  begin(): void {
    const { scenario, time, writer } = this.#world;
    for (let i = 0; i < scenario.workers; i++) time.after(this.#upTo(i === 0 ? 10 : 3000), () => this.#hire());
    // Many of them while the sync begins.
    for (let i = 0; i < scenario.writes; i++) writer.schedule(this.#upTo(i % 3 === 0 ? 2000 : scenario.spanMs));
    if (scenario.verifies) time.after(1000 + this.#upTo(scenario.spanMs), () => this.#verify());
    for (const { state } of scenario.goals) {
      if (state === "splitting") time.after(1500 + this.#upTo(scenario.spanMs / 2), () => this.#strike("split"));
      if (state === "paused") time.after(1500 + this.#upTo(scenario.spanMs / 2), () => this.#strike("pause"));
    }
  }

  /** A round of the rolling verifier among changes, with nothing in its own way: what it calls a difference is none. */
  #verify(): void {
    const { world, operator } = { world: this.#world, operator: this.#world.operator() };
    const passed = async (momentMs: number, signal: AbortSignal) => {
      while (!(await world.hasPassed(momentMs))) await operator.process.clock.sleep(100, signal);
    };
    operator
      .verify({ passed }, () => world.witness.parked.keys(), new AbortController().signal)
      .then(
        (found) => {
          world.verified++;
          for (const { kind, key } of found) world.witness.note("verification", `${key} was called ${kind} among changes`);
        },
        (error: unknown) => world.notes.push(`verification: ${String(error)}`),
      );
  }

  /** Where everything is at rest: equal tables are called equal, and a difference is found once one is planted. */
  async verifyAtRest(): Promise<void> {
    const { witness, caller, scenario } = this.#world;
    const round = () =>
      this.#done(this.#operator.verify({ passed: () => Promise.resolve() }, () => witness.parked.keys(), new AbortController().signal));
    for (const { kind, key } of await round()) witness.note("verification", `${key} was called ${kind}, and is equal`);
    const pk = witness.shownKey;
    if (pk === undefined || witness.violation !== undefined) return;
    const planting =
      this.#world.chance.next() < 0.5
        ? caller.delete(TARGET, { pk })
        : caller.update(TARGET, { pk }, [{ op: "put", name: scenario.kind.number, value: 1_000_000n }]);
    await this.#done(planting);
    const found = await round();
    if (found.length !== 1) witness.note("verification", `${found.length} differences were found where one was planted, at ${pk}`);
  }

  /** Everything is put right again. */
  async end(): Promise<void> {
    const { time, server, workers } = this.#world;
    this.#over = true;
    this.#goals = [];
    while (!server.isUp) await time.pass(100);
    this.#setRules([]);
    for (const { process, link } of workers) {
      if (process.stopped) process.continue();
      link.cut = "none";
      link.weather = {};
      link.lateWrites = 0;
    }
    await this.#done(this.#order(() => this.#operator.control({ paused: false, draining: false, rates: undefined })));
    this.#world.paused = this.#world.draining = false;
    this.#drain = undefined;
    if (this.#world.living.length === 0) this.#hire();
  }

  /** Replays what is parked; again where somebody who began before had it in hand. */
  async replayAll(): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      const { held } = await this.#done(this.#order(() => this.#operator.replay(new AbortController().signal)));
      if (held.length === 0) return;
    }
  }

  /** Lets time pass until a promise settles. */
  async #done<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.catch(() => undefined).finally(() => (settled = true));
    if (!(await this.#world.time.until(() => settled, 300_000))) this.#world.witness.note("operator", "an order came to no end");
    return promise;
  }

  #order<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#orders.then(act);
    this.#orders = done.catch(() => undefined);
    return done;
  }

  #look(): void {
    if (this.#goals.length === 0 || this.#over) return;
    for (const worker of this.#world.living) {
      const met = this.#world.statesOf(worker);
      const goal = this.#goals.find(({ state }) => met.includes(state));
      if (goal === undefined) continue;
      this.#goals.splice(this.#goals.indexOf(goal), 1);
      this.#world.time.after(this.#upTo(goal.state === "applying" || goal.state === "copying" ? 5 : 25), () =>
        this.#strike(goal.fault, worker),
      );
      return;
    }
  }

  #strike(fault: Fault, worker = this.#pick(this.#world.living)): void {
    if (this.#over || worker === undefined || !this.#world.living.includes(worker) || !this.#world.server.isUp) return;
    const serverWide = ["throttle", "server error", "row error", "split", "power cut", "pause", "drain", "replay"].includes(fault);
    const met = new Set((serverWide ? this.#world.living : [worker]).flatMap((one) => this.#world.statesOf(one)));
    this.#world.trace.add(`${fault} ${worker.process.name} ${[...met].join(", ")}`);
    this.coverage.add(fault, met);
    this.#faults[fault](worker);
  }

  readonly #faults: Readonly<Record<Fault, (worker: SimulatedWorker) => void>> = {
    crash: ({ process }) => {
      process.crash();
      this.#hireLater(2500);
    },
    partition: ({ link }) => {
      link.cut = this.#pick(["silent", "refused", "deaf", "tunnel", "tunnel"] as const)!;
      // What is read ahead is written until the last moment, and comes late.
      if (link.cut === "tunnel") link.lateWrites = 0.4;
      this.#relieve();
      this.#later(300, 8000, () => {
        link.cut = "none";
        link.lateWrites = this.#over ? 0 : this.#world.scenario.lateWrites;
      });
    },
    stop: ({ process, link }) => {
      // With writes that are to be sent again when it goes on.
      if (this.#world.chance.next() < 0.7) this.#weather(link, "lost reply");
      this.#later(0, 500, () => {
        if (!this.#over) process.stop();
      });
      this.#relieve();
      // Through a take-over in most cases.
      this.#later(this.#world.chance.next() < 0.3 ? 600 : 5600, 9000, () => {
        if (process.stopped) process.continue();
      });
    },
    "lost reply": ({ link }) => this.#weather(link, "lost reply"),
    duplicate: ({ link }) => this.#weather(link, "duplicate"),
    late: ({ link }) => this.#weather(link, "late"),
    delay: ({ link }) => this.#weather(link, "delay"),
    throttle: () =>
      this.#rule(
        { operations: workerOperations, probability: 0.8, effect: { type: "throttle", perSecond: Math.ceil(this.#upTo(5)) } },
        { table: STATE, effect: { type: "throttle", perSecond: 5 } },
      ),
    "server error": () => {
      const code = this.#pick([
        "OTSServerBusy",
        "OTSInternalServerError",
        "OTSServerUnavailable",
        "OTSTimeout",
        "OTSPartitionUnavailable",
      ])!;
      this.#rule(
        { operations: workerOperations, probability: 0.5, effect: { type: "error", code } },
        { table: STATE, probability: 0.3, effect: { type: "error", code } },
      );
    },
    "row error": () => {
      const code = this.#pick(["OTSServerBusy", "OTSNotEnoughCapacityUnit", "OTSInternalServerError", "OTSTimeout"])!;
      this.#rule({ table: TARGET, operations: ["BatchWriteRow"], probability: 0.7, effect: { type: "failRows", share: 0.5, code } });
    },
    split: () => {
      const { catalogue, streams } = this.#world.server.store;
      const cut = keyOf(Math.floor(this.#upTo(this.#world.scenario.keys)));
      // A key that begins a partition already splits nothing.
      streams.splitPartition(catalogue.table(INSTANCE, SOURCE), [cut]).catch(() => undefined);
    },
    "hand-over": (worker) => {
      if (this.#world.chance.next() < 0.7) {
        this.#lateWrites(worker.link);
      }
      if (this.#world.chance.next() < 0.5) worker.stop.abort(new Error("told to end"));
      this.#hireLater(500);
    },
    "clock jump": ({ process }) => {
      process.wallOffset += this.#pick([-240_000, -30_000, -3000, 3000, 30_000, 240_000])!;
    },
    "power cut": () => {
      const { server, chance, living, time } = this.#world;
      for (const { link } of living) this.#lateWrites(link);
      this.#later(0, 600, () => {
        if (this.#over || !server.isUp) return;
        void server.cutPower(chance.next() < 0.5);
        const downMs = 20 + this.#upTo(chance.next() < 0.6 ? 100 : 2500);
        // What was flushed while nobody was told is there now.
        time.after(downMs, () => void server.start().then(() => this.#world.witness.begin()));
      });
    },
    pause: () => {
      const rates = this.#world.chance.next() < 0.3 ? { rowsPerSecond: 5 } : undefined;
      this.#control({ paused: true, rates }, () => (this.#world.paused = true));
      this.#later(2500, 5000, () => this.#control({ paused: false }, () => (this.#world.paused = false)));
    },
    drain: () => {
      this.#control({ draining: true }, () => {
        this.#world.draining = true;
        this.#drain = { number: this.#world.writer.number, workers: this.#world.living };
      });
      this.#later(3000, 6000, () =>
        this.#control({ draining: false }, () => {
          this.#world.draining = false;
          this.#drain = undefined;
          if (this.#world.living.length === 0) this.#hire();
        }),
      );
    },
    replay: () => {
      // Again and again, since what matters is what joins a key meanwhile.
      for (let i = 0; i < 4; i++) this.#world.time.after(this.#upTo(i * 1500), () => this.#replay());
    },
  };

  #replay(): void {
    if (this.#over) return;
    const operator = this.#world.operator();
    operator.link.weather = this.#pick([{}, { delay: 0.6 }, { delay: 0.6 }, { "lost reply": 0.1, late: 0.1, duplicate: 0.1 }])!;
    if (this.#world.chance.next() < 0.2) this.#later(5, 100, () => operator.process.crash());
    operator.replay(new AbortController().signal).catch((error: unknown) => this.#world.notes.push(`replay: ${String(error)}`));
  }

  #control(change: Parameters<Operator["control"]>[0], then: () => void): void {
    void this.#order(async () => {
      for (;;) {
        try {
          await this.#operator.control(change);
          return then();
        } catch {
          await this.#world.time.sleep(200);
        }
      }
    });
  }

  /** Writes are carried out when the channel is another's, or taken anew; with changes enough to be overwritten by them. */
  #lateWrites(link: Link): void {
    link.lateWrites = 0.5;
    this.#later(500, 3000, () => (link.lateWrites = this.#over ? 0 : this.#world.scenario.lateWrites));
    for (let i = 0; i < 15; i++) this.#world.writer.schedule(this.#upTo(1500));
  }

  #weather(link: Link, mishap: Mishap): void {
    const before = link.weather;
    link.weather = { ...before, [mishap]: 0.5 };
    this.#later(200, 1500, () => (link.weather = this.#over ? {} : before));
  }

  #rule(...rules: readonly FaultRule[]): void {
    const { server } = this.#world;
    this.#setRules([...this.#rules, ...rules]);
    this.#later(300, 2500, () => {
      if (server.isUp) this.#setRules(this.#rules.filter((rule) => !rules.includes(rule)));
      else this.#rules = [];
    });
  }

  #setRules(rules: FaultRule[]): void {
    this.#rules = rules;
    const { server, scenario } = this.#world;
    if (server.isUp) server.faults.set(rules, scenario.seed);
  }

  #hire(): void {
    const worker = this.#world.startWorker();
    if (this.#over) return;
    worker.link.weather = usualWeather(this.#world.scenario.mishaps);
    worker.link.lateWrites = this.#world.scenario.lateWrites;
  }

  /** Somebody is there to take over. */
  #relieve(): void {
    if (this.#world.living.length < 2) this.#hireLater(2000);
  }

  #hireLater(mostMs: number): void {
    this.#world.time.after(100 + this.#upTo(mostMs), () => {
      if (this.#over && this.#world.living.length > 0) return;
      if (this.#world.living.length < 4) this.#hire();
    });
  }

  async #ended(worker: SimulatedWorker): Promise<void> {
    const drain = this.#drain;
    if (worker.end instanceof Error) return this.#hireLater(2000);
    if (this.#over && this.#world.living.length === 0) return this.#hireLater(100);
    if (worker.end?.outcome !== "drained" || drain === undefined) return;
    const isDrained = ({ end }: SimulatedWorker) => end !== undefined && !(end instanceof Error) && end.outcome === "drained";
    if (drain.workers.every(isDrained) && this.#world.living.length === 0)
      await this.#world.witness.showsUpTo(drain.number, "all workers said that they had drained");
  }

  #later(leastMs: number, mostMs: number, run: () => void): void {
    this.#world.time.after(leastMs + this.#upTo(mostMs - leastMs), run);
  }

  #pick<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#world.chance.next() * of.length)];
  }

  #upTo(most: number): number {
    return this.#world.chance.next() * most;
  }
}

/** @param share of requests that something befalls */
function usualWeather(share: number): Weather {
  return Object.fromEntries(mishaps.map((mishap) => [mishap, share / mishaps.length]));
}
