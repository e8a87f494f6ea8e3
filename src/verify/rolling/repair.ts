import { TableferryError } from "../../base/error.ts";
import { Gate } from "../../base/gate.ts";
import type { ChangeEncoder } from "../../connector/change.ts";
import { Writer } from "../../pipeline/writer.ts";
import { parseKeyText } from "../key-text.ts";
import type { SuspectReader } from "../read-again.ts";
import { RowForm } from "../row-form.ts";
import { describeSides, type Sides } from "../sides.ts";
import { suspectReaders, type SuspectReaders } from "../suspect-readers.ts";
import { sizeOfRow } from "./throttled-side.ts";
import type { RepairInput, RepairOutcome, RepairedRow, RepairReport } from "./repair-input.ts";
import { judgeRepair, newPatient, rowsOf, type Patient, type Reading } from "./patient.ts";
import { planRepair, type RepairPlan, type RepairRules } from "./repair-plan.ts";
import { asVerification } from "./rolling-input.ts";

/** Rows repaired together: at first, at most. */
const GROUP = { first: 8, most: 100 } as const;
/** Writes under way at once. */
const SLOTS = 4;

/**
 * Repairs rows that a verification found different. Each row is read as a verification reads it (source, target once it has caught up, source
 * again), written on the condition that it still is as it was read, and read once more in the same way: only that second reading, equal on
 * both sides, makes it `repaired`. Where a write fails its condition, or a row changed meanwhile, it is read and decided anew, a bounded
 * number of times.
 *
 * A condition can only compare values. If the source takes, between reading and writing, the very value that stood wrongly in the target (or
 * deletes a row that was missing there), the condition holds and an older value is written; the reading behind the write sees it, and the
 * row is brought to the newest state like any other difference. A kill in between leaves it to the next round to be found.
 * @throws TF_KEY_INVALID for a difference that is of other sides, TF_SPEC_INVALID, TF_FENCED, TF_WRITE_FAILED, whatever a side throws, the
 * signal's reason. What was written until then is on record (`audit`), and repairing again goes on
 */
export async function repair(input: RepairInput): Promise<RepairReport> {
  const run = await RepairRun.begin(input);
  const rows = await run.repair();
  const counts: Record<RepairOutcome, number> = {
    repaired: 0,
    alike: 0,
    moved: 0,
    explained: 0,
    kept: 0,
    "too-wide": 0,
    unguardable: 0,
    duplicate: 0,
    "without-effect": 0,
    refused: 0,
  };
  for (const { outcome } of rows) counts[outcome]++;
  return { job: input.job, counts, rows };
}

class RepairRun {
  readonly #input: RepairInput;
  readonly #sides: Sides;
  readonly #readers: SuspectReaders;
  readonly #rules: RepairRules;
  readonly #encoder: ChangeEncoder;
  readonly #writer: Writer;
  #group: number = GROUP.first;

  private constructor(input: RepairInput, sides: Sides, readers: SuspectReaders, encoder: ChangeEncoder) {
    const { clock, chance, signal } = input.context;
    this.#input = input;
    this.#sides = sides;
    this.#readers = readers;
    this.#encoder = encoder;
    const columns = [...(input.mapping?.plan?.columns ?? []), ...sides.target.columns].map(({ name }) => name);
    this.#rules = { versions: input.scope.versions, allowUpdate: sides.target.allowUpdate, columns: [...new Set(columns)] };
    const { write: target, fence, writeThrottle: throttle } = input;
    this.#writer = new Writer({ target, fence, slots: new Gate(SLOTS), throttle, clock, chance, signal });
  }

  static async begin(input: RepairInput): Promise<RepairRun> {
    const given = asVerification(input);
    const { signal } = input.context;
    const sides = await describeSides(given);
    const encoder = sides.key.length > 0 ? await input.write.changeEncoder?.() : undefined;
    if (encoder === undefined)
      throw new TableferryError("TF_SPEC_INVALID", { message: `${sides.target.title} takes no changes of single rows`, place: "target" });
    const { sourceScope, targetScope } = sides.coverage;
    const [source, target] = await Promise.all([given.source.split(1, sourceScope, signal), given.target.split(1, targetScope, signal)]);
    const fresh = (splits: typeof source) => ({ splits: splits.map((split) => ({ split, position: undefined, done: false })) });
    const parts = { sourceScope, targetScope, source: fresh(source), target: fresh(target) };
    const options = { workers: input.limits.workers, throttle: undefined, onBatch: () => undefined };
    return new RepairRun(input, sides, suspectReaders(given, sides, parts, options), encoder);
  }

  async repair(): Promise<readonly RepairedRow[]> {
    const { source } = this.#readers.readers;
    const patients = this.#patients();
    for (const reader of source) {
      const mine = patients.filter(({ suspect }) => source.find((one) => one.can(suspect)) === reader);
      // A reader that goes through everything is asked once for all.
      for (let at = 0; at < mine.length;) {
        const group = mine.slice(at, reader.byKey ? at + this.#group : undefined);
        await this.#treat(group, reader);
        at += group.length;
      }
    }
    return patients.map(({ key, outcome, writes, text }) => ({ key, outcome: outcome!, writes, ...(text === undefined ? {} : { text }) }));
  }

  #patients(): Patient[] {
    const { source, target, key: schema } = this.#sides;
    const form = new RowForm(this.#rules.versions, { source, target }, () => this.#input.context.clock.now());
    return this.#input.differences.map(({ key: text, source: place }) => {
      const key = parseKeyText(text, schema);
      if (key === undefined) throw new TableferryError("TF_KEY_INVALID", { message: "this is no key of the target", place: text });
      const known = place === undefined ? undefined : parseKeyText(place, source.key);
      return newPatient(text, { id: form.id({ key }), key, sources: known === undefined ? [] : [known] });
    });
  }

  /** Reads, decides, writes, and again, until every row of the group has an outcome. */
  async #treat(group: readonly Patient[], reader: SuspectReader): Promise<void> {
    const { clock, signal } = this.#input.context;
    const { roundSeconds } = this.#readers.rules;
    for (;;) {
      const open = group.filter(({ outcome }) => outcome === undefined);
      if (open.length === 0) return;
      if (open.some(({ failures }) => failures > 0)) await clock.sleep(roundSeconds * 1000, signal);
      const readings = await this.#read(open, reader);
      const plans = open.map((patient, i) => this.#decide(patient, readings[i]!, reader));
      await this.#write(open, plans);
    }
  }

  async #read(patients: readonly Patient[], source: SuspectReader): Promise<readonly Reading[]> {
    const { readers, rules } = this.#readers;
    const { signal } = rules;
    const suspects = patients.map(({ suspect }) => suspect);
    const target = readers.target.find((reader) => suspects.every((suspect) => reader.can(suspect)))!;
    const before = await source.read(suspects, signal);
    await rules.awaitApplied?.(signal);
    const there = await target.read(suspects, signal);
    const after = await source.read(suspects, signal);
    const bytes = [...there, ...after].flatMap(({ rows }) => rows).reduce((sum, { row }) => sum + sizeOfRow(row), 1);
    const affordable = (rules.bytes * patients.length) / (3 * bytes);
    this.#group = Math.max(1, Math.min(GROUP.most, this.#group * 2, Math.floor(affordable)));
    return patients.map((_, i) => ({ before: before[i]!, source: after[i]!, target: there[i]! }));
  }

  #decide(patient: Patient, reading: Reading, reader: SuspectReader): RepairPlan | undefined {
    if (!judgeRepair(patient, reading, reader.complete)) return undefined;
    const { source, target } = rowsOf(reading);
    if (source === undefined && !this.#input.deleteExtras && reading.target.rows[0]?.hash !== patient.put) {
      patient.outcome = "kept";
      return undefined;
    }
    if (target === undefined) patient.put = reading.source.rows[0]?.hash;
    const plan = planRepair(source, target, this.#rules);
    if (plan.change === undefined) patient.outcome = plan.outcome;
    return plan;
  }

  async #write(patients: readonly Patient[], plans: readonly (RepairPlan | undefined)[]): Promise<void> {
    const { clock, signal } = this.#input.context;
    const changes = plans.flatMap((plan, index) => (plan?.change === undefined ? [] : [{ ...plan, index }]));
    if (changes.length === 0) return;
    for (const { change, index } of changes) {
      const columns = change.type === "delete" ? [] : [...new Set(change.cells.map(({ name }) => name))];
      await this.#input.audit({ job: this.#input.job, at: clock.now(), key: patients[index]!.key, change: change.type, columns });
    }
    const encoded = this.#encoder.encode(changes);
    const { refused } = await this.#writer.write(encoded);
    const failed = new Map([...encoded.refused, ...refused].map(({ index, refusal }) => [index, refusal]));
    for (const { index } of changes) patients[index]!.written(failed.get(index));
    // What was sent and not answered may still take effect, behind the reading that comes next.
    if (!this.#writer.settled) await clock.sleep(this.#input.fence.requestDeadlineMs + this.#input.longestOperationMs, signal);
  }
}
