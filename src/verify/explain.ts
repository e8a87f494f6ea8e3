import type { Described, ScanScope, Source, Split } from "../connector/connector.ts";
import { TableferryError } from "../base/error.ts";
import type { CompiledMapping, FlowRow, Refusal } from "../job/mapping.ts";
import { compareKey, type KeyColumn } from "../model/key.ts";
import type { KeySchema } from "../model/schema.ts";
import { typeOf, type KeyValue, type ValueType } from "../model/value.ts";
import type { Reject } from "../pipeline/rejects.ts";
import { RowHasher } from "./flow-batch.ts";
import { findRow, type FoundSource } from "./find-row.ts";
import { judge } from "./judge.ts";
import { keyText, parseKeyText } from "./key-text.ts";
import { lookUpRows } from "./read-again.ts";
import type { ColumnDifference } from "./row-difference.ts";
import { findReject } from "./reject-index.ts";
import { keyInverse } from "./source-key.ts";
import { tryMap } from "./map-row.ts";
import { maskedText, plainText, type ShowValue } from "./value-text.ts";

export interface ExplainInput {
  /** `customer=alice,order=17`, JSON, or the words of a command line; of the source or of the target. */
  readonly key: string | readonly string[];
  readonly source: Source;
  readonly target: Source;
  readonly mapping: CompiledMapping | undefined;
  readonly scope: ScanScope;
  /** Splits of the job, where it keeps them; else as the source would cut itself now. */
  readonly splits?: readonly Split[] | undefined;
  /** What the job put aside. */
  readonly rejects?: AsyncIterable<Reject> | undefined;
  /** Shows values as type and hash; the salt makes the hashes of this call comparable with each other only. */
  readonly maskWith?: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** A row for people. JSON-clean. */
export interface RowView {
  readonly key: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ValueType;
    readonly value: string;
    readonly timestamp?: number | undefined;
  }[];
}

/** One target key that the row belongs to. */
export interface ExplainedTarget {
  readonly key: string;
  /** What the mapping makes of the source row. */
  readonly mapped: RowView | null;
  readonly target: RowView | null;
  /** `absent`: neither side has such a row. */
  readonly verdict: "equal" | "absent" | "missing" | "extra" | "different" | "hidden-version" | "duplicate" | "rejected" | "unknown";
  readonly columns: readonly ColumnDifference[];
}

/** All that is known of one row. JSON-clean. */
export interface Explanation {
  /** Whose key was given. */
  readonly keyOf: "source" | "target";
  readonly sourceTitle: string;
  readonly targetTitle: string;
  readonly sourceKey: string | null;
  readonly source: RowView | null;
  /** Where the source row stands: its key, or file and line. */
  readonly place: string | null;
  /** The split that it is read in; null where that cannot be told. */
  readonly split: { readonly id: string; readonly title: string } | null;
  readonly mappingHash: string | null;
  /** Why the mapping refuses the row now. */
  readonly refusal: Refusal | null;
  /** Why the job put the row aside. */
  readonly reject: Refusal | null;
  /** The target keys that the source row maps to, or the one asked for. Empty where the mapping leaves the row out. */
  readonly targets: readonly ExplainedTarget[];
  /** What could not be told, and why. */
  readonly notes: readonly string[];
}

/**
 * Shows one row on its way: source row, mapped row, target row, and what differs. The key may be the source's or, where the mapping
 * at most renames key columns or the source can be searched, the target's.
 * @throws TF_KEY_INVALID when the key is neither side's
 */
export async function explainKey(input: ExplainInput): Promise<Explanation> {
  const [source, target] = await Promise.all([input.source.describe(input.signal), input.target.describe(input.signal)]);
  const targetKey = input.mapping === undefined ? target.key : input.mapping.targetKey;
  const given = readKey(input.key, source, targetKey);
  const notes: string[] = [];
  const sourceKey = given.of === "source" ? given.key : keyInverse(input.mapping, source.key)?.(given.key);
  const found = await findRow(input, { source, sourceKey, targetKey: given.of === "target" ? given.key : undefined });
  if (found === undefined)
    notes.push(
      `the mapping derives the target's key, so the source row cannot be found by it; give the source's key, ${names(source.key)}`,
    );
  const show = input.maskWith === undefined ? plainText : maskedText(input.maskWith);
  const mapped = found?.row === undefined ? { rows: [], refused: undefined } : tryMap(found.row, input.mapping);
  const keys = given.of === "target" ? [given.key] : mapped.rows.map(({ key }) => key);
  // A source row that is gone, or refused, may have left a target row behind.
  if (given.of === "source" && keys.length === 0) keys.push(...leftBehind(input.mapping, source, given.key));
  const there = await readTargets(input, keys);
  const place = found?.place ?? null;
  const reject =
    place === null || input.rejects === undefined
      ? undefined
      : await findReject(input.rejects, place, input.source.lookUp === undefined ? [] : (sourceKey ?? []));
  return {
    keyOf: given.of,
    sourceTitle: source.title,
    targetTitle: target.title,
    sourceKey:
      sourceKey === undefined
        ? found?.row === undefined || found.row.key.length === 0
          ? null
          : keyText(found.row.key)
        : keyText(sourceKey),
    source: found?.row === undefined ? null : viewOf(found.row, show),
    place,
    split: found?.split === undefined ? null : { id: found.split.id, title: found.split.title },
    mappingHash: input.mapping?.hash ?? null,
    refusal: mapped.refused?.refusal ?? null,
    reject: reject ?? null,
    targets: keys.map((key, i) =>
      targetOf(input, {
        key,
        found,
        mapped: mapped.rows,
        refused: mapped.refused !== undefined,
        rejected: reject !== undefined,
        there: there[i],
        show,
      }),
    ),
    notes: [...notes, ...(found?.notes ?? [])],
  };
}

interface GivenKey {
  readonly of: "source" | "target";
  readonly key: readonly KeyColumn<KeyValue>[];
}

function readKey(text: string | readonly string[], source: Described, targetKey: readonly KeySchema[]): GivenKey {
  const ofSource = source.key.length === 0 ? undefined : parseKeyText(text, source.key);
  if (ofSource !== undefined) return { of: "source", key: ofSource };
  const ofTarget = targetKey.length === 0 ? undefined : parseKeyText(text, targetKey);
  if (ofTarget !== undefined) return { of: "target", key: ofTarget };
  const known = [
    source.key.length === 0 ? undefined : `the source's key is ${names(source.key)}`,
    targetKey.length === 0 ? undefined : `the target's ${names(targetKey)}`,
  ];
  throw new TableferryError("TF_KEY_INVALID", {
    message: `this is the key of neither side: ${known.filter((text) => text !== undefined).join(", ") || "neither has one"}`,
    place: typeof text === "string" ? text : text.join(" "),
    wayOut: "Give every key column of one side as `name=value`, apart by commas.",
  });
}

function names(key: readonly KeySchema[]): string {
  return key.map(({ name, type }) => `${name} (${type})`).join(", ");
}

/** The target key of a source key that cannot be mapped, where key columns are only renamed. */
function leftBehind(
  mapping: CompiledMapping | undefined,
  source: Described,
  key: readonly KeyColumn<KeyValue>[],
): readonly (readonly KeyColumn<KeyValue>[])[] {
  if (mapping === undefined || mapping.identity) return [key];
  const targets = mapping.plan?.targetKey.map(({ name, from }) => {
    const at = from.kind === "key" ? source.key.findIndex((column) => column.name === from.name) : -1;
    return at < 0 ? undefined : { name, value: key[at]!.value };
  });
  return targets === undefined || targets.includes(undefined) ? [] : [targets.filter((column) => column !== undefined)];
}

async function readTargets(
  input: ExplainInput,
  keys: readonly (readonly KeyColumn<KeyValue>[])[],
): Promise<readonly (FlowRow | undefined)[]> {
  const { target, scope, signal } = input;
  const plain: ScanScope = { versions: scope.versions };
  if (target.lookUp !== undefined) return lookUpRows(target, keys, plain, signal);
  const rows: (FlowRow | undefined)[] = keys.map(() => undefined);
  if (keys.length === 0) return rows;
  for (const split of await target.split(1, plain, signal)) {
    for await (const batch of target.scan(split, undefined, plain, signal)) {
      for (const row of batch.decoded()) keys.forEach((key, i) => compareKey(row.key, key) === 0 && (rows[i] = row));
    }
  }
  return rows;
}

interface TargetQuestion {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly found: FoundSource | undefined;
  readonly mapped: readonly FlowRow[];
  readonly refused: boolean;
  readonly rejected: boolean;
  readonly there: FlowRow | undefined;
  readonly show: ShowValue;
}

function targetOf(input: ExplainInput, { key, found, mapped, refused, rejected, there, show }: TargetQuestion): ExplainedTarget {
  const hasher = new RowHasher({ versions: input.scope.versions });
  const rows = mapped.filter((row) => compareKey(row.key, key) === 0);
  const seen = (row: FlowRow) => {
    const hash = hasher.hash(row);
    return { row, hash, reading: hash, place: found?.place ?? keyText(key) };
  };
  const verdict = judge(
    { id: "", key, sources: [], rejected: 0, targetPlace: undefined, bytes: 0 },
    rejected
      ? { rows: [], count: 0, rejected: 1, refused: 0 }
      : { rows: rows.map(seen), count: rows.length, rejected: 0, refused: refused ? 1 : 0 },
    { rows: there === undefined ? [] : [seen(there)], count: there === undefined ? 0 : 1, rejected: 0, refused: 0 },
    { versions: input.scope.versions, show, keyless: false },
  );
  const nowhere = rows.length === 0 && there === undefined;
  const kind = verdict.difference?.kind ?? (verdict.explained ? "rejected" : nowhere ? "absent" : "equal");
  return {
    key: keyText(key),
    mapped: rows[0] === undefined ? null : viewOf(rows[0], show),
    target: there === undefined ? null : viewOf(there, show),
    verdict: found === undefined || kind === "unsettled" ? "unknown" : kind,
    columns: verdict.difference?.columns ?? [],
  };
}

function viewOf(row: FlowRow, show: ShowValue): RowView {
  return {
    key: keyText(row.key),
    columns: row.columns.map(({ name, value, timestamp }) => ({
      name,
      type: typeOf(value),
      value: show(value),
      ...(timestamp === undefined ? {} : { timestamp }),
    })),
  };
}
