import type { Chance } from "../../base/chance.ts";
import { batchGetRow } from "../../wire/operation/batch-get-row.ts";
import { batchWriteRow } from "../../wire/operation/batch-write-row.ts";
import type { RowResult, TableResults } from "../../wire/operation/row-result.ts";
import type { AuthenticCall, Proceed } from "../call-context.ts";
import type { RowFault } from "./fault-rule.ts";
import { knownErrors } from "./known-errors.ts";

const defaultCode = "OTSServerBusy";
const defaultShare = 0.5;

/**
 * Takes rows out of a batch before it is handled and puts their errors in their places afterwards. What is wrong with the request as a whole is judged on what
 * is left of it. @throws TF_WIRE_CORRUPT
 */
export function failRows(effect: RowFault, chance: Chance, call: AuthenticCall, proceed: Proceed): Promise<Uint8Array> {
  return call.operation === "BatchWriteRow"
    ? failWrites(effect, chance, call.body, proceed)
    : failReads(effect, chance, call.body, proceed);
}

async function failWrites(effect: RowFault, chance: Chance, body: Uint8Array, proceed: Proceed): Promise<Uint8Array> {
  const request = batchWriteRow.decodeRequest(body);
  const counts = request.tables.map(({ rows }) => rows.length);
  const fails = request.atomic === true ? () => true : struckRows(effect, chance, sum(counts));
  const tables = keptOf(request.tables, counts, fails, (table, kept) => ({ ...table, rows: table.rows.filter((_, i) => kept(i)) }));
  const reply =
    tables.length === 0 ? { tables: [] } : batchWriteRow.decodeResponse(await proceed(batchWriteRow.encodeRequest({ ...request, tables })));
  const names = request.tables.map(({ tableName }) => tableName);
  return batchWriteRow.encodeResponse({ tables: merged(names, counts, fails, reply.tables, effect) });
}

async function failReads(effect: RowFault, chance: Chance, body: Uint8Array, proceed: Proceed): Promise<Uint8Array> {
  const request = batchGetRow.decodeRequest(body);
  const counts = request.tables.map(({ keys }) => keys.length);
  const fails = struckRows(effect, chance, sum(counts));
  const tables = keptOf(request.tables, counts, fails, (table, kept) => ({
    ...table,
    keys: table.keys.filter((_, i) => kept(i)),
    tokens: table.tokens.filter((_, i) => kept(i)),
  }));
  const reply =
    tables.length === 0 ? { tables: [] } : batchGetRow.decodeResponse(await proceed(batchGetRow.encodeRequest({ ...request, tables })));
  const names = request.tables.map(({ tableName }) => tableName);
  return batchGetRow.encodeResponse({ tables: merged(names, counts, fails, reply.tables, effect) });
}

/** Which rows fail, by their number in the request. */
function struckRows(effect: RowFault, chance: Chance, rows: number): (row: number) => boolean {
  const struck = new Set(effect.rows);
  if (effect.rows === undefined) {
    const { share = defaultShare } = effect;
    for (let row = 0; row < rows; row++) if (chance.next() < share) struck.add(row);
    if (struck.size === 0) struck.add(Math.floor(chance.next() * rows));
  }
  return (row) => struck.has(row);
}

/** The tables without the rows that fail; tables of which nothing is left are left out. */
function keptOf<Table>(
  tables: readonly Table[],
  counts: readonly number[],
  fails: (row: number) => boolean,
  reduce: (table: Table, kept: (i: number) => boolean) => Table,
): Table[] {
  let first = 0;
  return tables.flatMap((table, at) => {
    const from = first;
    const count = counts[at]!;
    first += count;
    const kept = (i: number) => !fails(from + i);
    return Array.from({ length: count }, (_, i) => i).some(kept) ? [reduce(table, kept)] : [];
  });
}

/** The reply to what was left, and errors where rows had been taken out. */
function merged(
  names: readonly string[],
  counts: readonly number[],
  fails: (row: number) => boolean,
  reply: readonly TableResults[],
  { code = defaultCode, text = knownErrors.get(code)?.[1] ?? "" }: RowFault,
): TableResults[] {
  const answered = reply.flatMap(({ rows }) => rows);
  const failure: RowResult = { ok: false, error: { code, text } };
  let row = 0;
  let at = 0;
  return names.map((tableName, i) => ({
    tableName,
    rows: Array.from({ length: counts[i]! }, () => (fails(row++) ? failure : answered[at++]!)),
  }));
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
