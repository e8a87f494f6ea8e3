import { compileMapping } from "../../../src/job/compile-mapping.ts";
import type { JobContext } from "../../../src/job/context.ts";
import type { MigrationSpec } from "../../../src/job/job-spec.ts";
import { loadedDefinition, type LoadedMapping } from "../../../src/job/load-mapping.ts";
import { RowRefused, type MappingDefinition } from "../../../src/job/mapping.ts";
import { parseJob } from "../../../src/job/parse-job.ts";
import type { Progress } from "../../../src/job/progress.ts";
import type { MigrationResult } from "../../../src/job/result.ts";
import { runMigration } from "../../../src/migrate/migration.ts";
import type { MigrationInput } from "../../../src/migrate/migration-input.ts";
import { CheckpointStore } from "../../../src/pipeline/checkpoint.ts";
import { LateFence } from "../../../src/pipeline/fence.ts";
import { RejectStore, type Reject } from "../../../src/pipeline/rejects.ts";
import { peekRun } from "../../../src/migrate/run-state.ts";
import { keyText, rowText, SimulatedSource, SimulatedTarget, type SimulatedTable } from "./simulated-tables.ts";
import { SimulatedProcess, SimulatedState, World, type Fate } from "./simulated-world.ts";

export type SpecChange = Partial<Record<keyof MigrationSpec, unknown>>;

/** A migration job in a simulated world: any number of processes may run it, one after the other or at once. */
export class SimulatedMigration {
  readonly world: World;
  readonly source: SimulatedTable;
  readonly target: SimulatedTable;
  definition: MappingDefinition;
  spec: MigrationSpec;
  readonly notes: string[] = [];
  readonly progress: Progress[] = [];
  #processes = 0;

  constructor(seed: number, source: SimulatedTable, target: SimulatedTable, definition: MappingDefinition = {}, change: SpecChange = {}) {
    this.world = new World(seed);
    this.source = source;
    this.target = target;
    this.definition = definition;
    this.spec = specOf(change);
  }

  change(change: SpecChange): void {
    this.spec = specOf(change);
  }

  get loaded(): LoadedMapping {
    return loadedDefinition(this.definition);
  }

  start(
    fates: readonly Fate[] = [],
    context: Partial<JobContext> = {},
  ): { readonly process: SimulatedProcess; readonly result: Promise<MigrationResult> } {
    const process = new SimulatedProcess(this.world, `process ${++this.#processes}`, fates);
    return { process, result: runMigration(this.input(process, context)) };
  }

  /** Runs to the end, or to death. */
  async run(fates: readonly Fate[] = [], context: Partial<JobContext> = {}): Promise<MigrationResult | "killed"> {
    const { process, result } = this.start(fates, context);
    result.catch(() => undefined);
    return this.world.drive(Promise.race([result, process.death]));
  }

  async complete(context: Partial<JobContext> = {}): Promise<MigrationResult> {
    const result = await this.run([], context);
    if (result === "killed") throw new Error("nobody killed it");
    return result;
  }

  input(process: SimulatedProcess, context: Partial<JobContext> = {}): MigrationInput {
    const fence = new LateFence();
    return {
      spec: this.spec,
      source: new SimulatedSource(this.source, process),
      target: new SimulatedTarget(this.target, process, fence.beforeSend),
      state: new SimulatedState(process),
      mapping: this.loaded,
      fence,
      toolVersion: "0.0.0",
      context: {
        clock: process.clock,
        chance: process.chance,
        signal: new AbortController().signal,
        onProgress: (progress) => this.progress.push(progress),
        folder: "/",
        env: {},
        note: (line) => this.notes.push(line),
        ...context,
      },
    };
  }

  /** What the target must hold in the end, and which source rows must stand among the rejects. */
  get expected(): { readonly rows: string[]; readonly rejected: string[]; readonly filtered: number } {
    const mapping = compileMapping(this.loaded, { sourceKey: this.source.shape.key, targetKey: this.target.shape.key });
    const rows = new Map<string, string>();
    const rejected: string[] = [];
    let filtered = 0;
    for (const [line, row] of this.source.rows.entries()) {
      const place = this.source.shape.isFile === true ? `${this.source.shape.title}:${line + 1}` : keyText(row);
      if (this.source.unreadable.has(line)) {
        rejected.push(place);
        continue;
      }
      try {
        const out = mapping.map(row);
        if (out.length === 0) filtered++;
        if (out.some((one) => this.target.poison.has(String(one.key[0]!.value)))) rejected.push(place);
        for (const one of out) if (!this.target.poison.has(String(one.key[0]!.value))) rows.set(keyText(one), rowText(one));
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error;
        rejected.push(place);
      }
    }
    return { rows: [...rows.values()].sort(), rejected: rejected.sort(), filtered };
  }

  /** The rejects that count, as a later process finds them. */
  async rejects(): Promise<Reject[]> {
    const { state } = this.world;
    const record = await peekRun(state, this.spec.name);
    if (record === undefined) return [];
    const checkpoints = await new CheckpointStore(state, this.spec.name, record.generation).read();
    const found: Reject[] = [];
    for await (const reject of new RejectStore(state, this.spec.name, record.generation).read(checkpoints)) found.push(reject);
    return found;
  }
}

function specOf(change: SpecChange): MigrationSpec {
  const spec = parseJob({
    name: "job",
    source: { type: "file", path: "source.csv" },
    target: { type: "file", path: "target.csv" },
    verify: { coverage: "none" },
    ...change,
  });
  if (spec.kind !== "migration") throw new Error("no migration");
  return spec;
}
