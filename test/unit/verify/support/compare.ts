import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededChance } from "../../../../src/base/chance.ts";
import { VirtualClock } from "../../../../src/base/virtual-clock.ts";
import { compileMapping } from "../../../../src/job/compile-mapping.ts";
import { verifySpec } from "../../../../src/job/job-spec.ts";
import type { CompiledMapping, FlowColumn, FlowRow, MappingDefinition } from "../../../../src/job/mapping.ts";
import type { Progress } from "../../../../src/job/progress.ts";
import type { KeySchema } from "../../../../src/model/schema.ts";
import type { KeyValue, Value } from "../../../../src/model/value.ts";
import type { SecondPassBounds } from "../../../../src/verify/second-pass.ts";
import type { VerificationInput } from "../../../../src/verify/verification-input.ts";
import { runVerification } from "../../../../src/verify/verification.ts";
import { idKey, type MemorySide } from "./memory-side.ts";

/** A clock on which sleeping passes the time at once. */
export class SteppingClock extends VirtualClock {
  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return signal?.aborted === true ? Promise.reject(signal.reason as Error) : this.advance(ms);
  }
}

/** A row of `id`, with columns given by name. */
export function row(id: number, columns: Readonly<Record<string, Value>> = {}): FlowRow {
  return keyed({ id: BigInt(id) }, columns);
}

export function keyed(key: Readonly<Record<string, KeyValue>>, columns: Readonly<Record<string, Value>> = {}): FlowRow {
  return {
    key: Object.entries(key).map(([name, value]) => ({ name, value })),
    columns: Object.entries(columns).map(([name, value]) => ({ name, value })),
  };
}

/** A row of `id` with timestamps: `[name, value, timestamp]`, newest first. */
export function versioned(id: number, ...cells: readonly (readonly [string, Value, number])[]): FlowRow {
  return {
    key: [{ name: "id", value: BigInt(id) }],
    columns: cells.map(([name, value, timestamp]): FlowColumn => ({ name, value, timestamp })),
  };
}

export function rows(count: number): FlowRow[] {
  return Array.from({ length: count }, (_, i) => row(i, { name: `name ${i}`, size: BigInt(i * 3), ratio: i / 7 }));
}

export function mapping(
  definition: MappingDefinition,
  targetKey: readonly KeySchema[] = idKey,
  sourceKey: readonly KeySchema[] = idKey,
): CompiledMapping {
  return compileMapping({ definition, hash: "m".repeat(64), title: "test mapping" }, { sourceKey, targetKey });
}

export interface Comparison extends Partial<Omit<VerificationInput, "source" | "target" | "verify">> {
  readonly verify?: Partial<VerificationInput["verify"]>;
  readonly bounds?: SecondPassBounds;
  readonly signal?: AbortSignal;
}

export interface Surroundings {
  readonly notes: string[];
  readonly progress: Progress[];
  readonly clock: SteppingClock;
}

export function inputOf(
  source: MemorySide,
  target: MemorySide,
  given: Comparison = {},
): { input: VerificationInput; around: Surroundings } {
  const around: Surroundings = { notes: [], progress: [], clock: new SteppingClock() };
  const { verify, bounds: _bounds, signal, ...rest } = given;
  const input: VerificationInput = {
    job: "test",
    source,
    target,
    mapping: undefined,
    scope: { versions: "latest" },
    limits: { workers: 4, inFlightBytes: 32 * 1024 * 1024 },
    quiescent: true,
    toolVersion: "0.0.0",
    context: {
      clock: around.clock,
      chance: seededChance(1),
      signal: signal ?? new AbortController().signal,
      onProgress: (progress) => around.progress.push(progress),
      folder: tmpdir(),
      env: {},
      note: (line) => around.notes.push(line),
    },
    ...rest,
    verify: { ...verifySpec.parse({}), certificate: false, ...verify },
  };
  return { input, around };
}

export async function compare(source: MemorySide, target: MemorySide, given: Comparison = {}) {
  const { input, around } = inputOf(source, target, given);
  const result = await runVerification(input, given.bounds);
  return { result, ...around };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "verify-"));
}
