import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Batch, Parcel, ScanScope, Source, Split, Target } from "../../../src/connector/connector.ts";
import type { CompiledMapping, FlowRow } from "../../../src/job/mapping.ts";
import type { KeySchema } from "../../../src/model/schema.ts";
import { ByteWriter } from "../../../src/wire/plainbuffer/byte-writer.ts";
import { canonicalOfRow } from "../../../src/wire/plainbuffer/canonical.ts";

export const everything: ScanScope = { versions: "latest" };

/** A folder of its own for each test file, gone afterwards. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tableferry-connector-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Equal texts for equal rows, whatever the order of their columns. */
export function textOf(row: FlowRow, keepTimestamps = false): string {
  const writer = new ByteWriter();
  canonicalOfRow(writer, { key: row.key, cells: row.columns }, keepTimestamps);
  return Buffer.from(writer.take()).toString("latin1");
}

export function identityMapping(key: readonly KeySchema[]): CompiledMapping {
  return { hash: "identity", mode: "cells", targetKey: key, identity: true, injective: true, plan: undefined, map: (row) => [row] };
}

/** A mapping that is a function only, so that nothing can be known of it beforehand. */
export function functionMapping(key: readonly KeySchema[], map: (row: FlowRow) => readonly FlowRow[]): CompiledMapping {
  return { hash: "function", mode: "look-up", targetKey: key, identity: false, injective: false, plan: undefined, map };
}

export async function batchesOf(source: Source, split: Split, from?: string, scope = everything): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source.scan(split, from, scope)) {
    batch.decoded();
    batches.push(batch);
  }
  return batches;
}

export async function rowsOf(source: Source, scope = everything, wanted = 1): Promise<FlowRow[]> {
  const rows: FlowRow[] = [];
  for (const split of await source.split(wanted, scope)) {
    for await (const batch of source.scan(split, undefined, scope)) rows.push(...batch.decoded());
  }
  return rows;
}

/** Writes parcels as an engine does: several under way, failed rows again and alone. Returns the rows refused. */
export async function writeAll(target: Target, parcels: readonly Parcel[]): Promise<{ index: number; cause: string }[]> {
  const refused: { index: number; cause: string }[] = [];
  const send = async (parcel: Parcel): Promise<void> => {
    const outcomes = await target.write(parcel);
    const again: number[] = [];
    for (const outcome of outcomes) {
      if (outcome.kind === "retry") again.push(outcome.row);
      else refused.push({ index: parcel.sourceIndex(outcome.row), cause: outcome.refusal.cause });
    }
    if (again.length > 0) await send(parcel.only(again));
  };
  await Promise.all(parcels.map(send));
  return refused;
}
