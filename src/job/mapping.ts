import type { KeySchema } from "../model/schema.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeyType, KeyValue, Value, ValueType } from "../model/value.ts";

/**
 * The mapping language: what a user writes in a mapping module (`export default defineMapping<In, Out>({...})`) or, without
 * functions, in a job file. Every rule names the inputs it reads, so that the compiled mapping knows how it can be applied
 * to stream records (engine rule R1). compile-mapping.ts turns it into a `CompiledMapping`.
 */
export type Missing = undefined;

/** A column copied under another name. */
export interface FromRule {
  readonly from: string;
  /** Casts on the way; a value that cannot be cast rejects the row. */
  readonly as?: ValueType | undefined;
  /** What stands in for a missing input; without it a missing attribute is left out and a missing key column rejects the row. */
  readonly default?: Value | undefined;
}

export interface ConstantRule {
  readonly constant: Value;
}

/** A column computed from named inputs. `undefined` or `null` leaves the column out; throwing rejects the row. Must be pure. */
export interface DeriveRule {
  readonly inputs: readonly string[];
  readonly derive: (...inputs: never[]) => Value | null | undefined;
}

/** A string is the short form of `{ from }`. */
export type ColumnRule = string | FromRule | ConstantRule | DeriveRule;

export type InputRow = Readonly<Record<string, Value | undefined>>;

export interface MappingDefinition<In = InputRow, Out = Record<string, Value>> {
  /** Target key columns in any order (the target's schema decides the order). Left out: the source's key, unchanged. */
  readonly key?: { readonly [column: string]: ColumnRule } | undefined;
  /** Target attribute columns. */
  readonly columns?: { readonly [C in keyof Out & string]?: ColumnRule } | undefined;
  /**
   * Source columns that no rule copies or casts (those are carried under their new name only) and no rule writes: carried over
   * under their own name, or dropped. Source key columns that the target key does not take are carried over as attributes.
   * What a `derive` or `keep` only reads stays a rest column. Default `copy`.
   */
  readonly rest?: "copy" | "drop" | undefined;
  /** Source columns left out although `rest` is `copy`. */
  readonly drop?: readonly (keyof In & string)[] | undefined;
  /** Keeps only rows for which it answers true; `inputs` are the columns it reads. */
  readonly keep?: { readonly inputs: readonly string[]; readonly when: (...inputs: never[]) => boolean } | undefined;
  /** Full freedom: one row in; none, one or several out. With it the other rules must be absent. Reads everything (look-up mode). */
  readonly row?:
    | ((
        row: In,
      ) => Readonly<Record<string, Value | null | undefined>> | readonly Readonly<Record<string, Value | null | undefined>>[] | null)
    | undefined;
  /** Promise of the author that different source keys give different target keys; needed where that cannot be proved (one to many, derived keys). */
  readonly injective?: boolean | undefined;
}

/** Types a mapping; the object is returned as it is. */
export function defineMapping<In = InputRow, Out = Record<string, Value>>(
  definition: MappingDefinition<In, Out>,
): MappingDefinition<In, Out> {
  return definition;
}

/** Rules as functions, for the commonest cases: `number("lat")` parses text, `derive(["a", "b"], (a, b) => …)`. */
export const cast = (from: string, as: ValueType): FromRule => ({ from, as });
export const integer = (from: string): FromRule => ({ from, as: "integer" });
export const number = (from: string): FromRule => ({ from, as: "double" });
export const text = (from: string): FromRule => ({ from, as: "string" });
export const constant = (value: Value): ConstantRule => ({ constant: value });
/** `derive<[string, bigint]>(["name", "year"], (name, year) => …)`: the type names the inputs' types; a missing input is `undefined`. */
export function derive<I extends readonly (Value | undefined)[]>(
  inputs: readonly string[],
  fn: (...inputs: I) => Value | null | undefined,
): DeriveRule;
export function derive(inputs: readonly string[], fn: DeriveRule["derive"]): DeriveRule {
  return { inputs, derive: fn };
}

/** One column version of a row on its way. Without a timestamp the target's clock decides. */
export interface FlowColumn {
  readonly name: string;
  readonly value: Value;
  readonly timestamp?: number | undefined;
}

/** A row as a source gives it: key columns (empty where the source knows no key) and attribute columns; versions of one column newest first. */
export interface FlowRow {
  readonly key: readonly KeyColumn<KeyValue>[];
  readonly columns: readonly FlowColumn[];
}

/** Where an output comes from, after compiling. Indexes count into `ColumnPlan.computed`. */
export type Origin =
  | { readonly kind: "key" | "column"; readonly name: string }
  | { readonly kind: "constant"; readonly value: Value }
  | { readonly kind: "computed"; readonly index: number };

/** A value computed from named inputs (key or attribute columns); undefined or null leaves the column out. */
export interface Computation {
  readonly inputs: readonly string[];
  /** True: one input, nothing but a cast; under `versions: keep` each version is cast by itself. */
  readonly perVersion?: boolean | undefined;
  /** @throws RowRefused (`cast`, `mapping-threw`, `mapping-value`); whatever else escapes is a mistake of ours */
  readonly apply: (inputs: readonly (Value | undefined)[]) => Value | null | undefined;
}

/**
 * A mapping that is all rules: one row in, at most one out, each output's origin known. What fast encoders compile from.
 *
 * What an encoder must do as `CompiledMapping.map` does: evaluate `keep` first; refuse a row whose target key column has no
 * value (`missingKey`) or one of another type (`wrongKeyType`, both in refusals.ts); leave out a column whose origin is missing.
 * Under `versions: keep` a copied column carries every version with its timestamp, a `perVersion` computation is applied to
 * each version, and any other computed, constant or key-fed attribute gets the newest timestamp of its inputs, or of the whole
 * row where its inputs have none.
 */
export interface ColumnPlan {
  readonly sourceKey: readonly KeySchema[];
  readonly targetKey: readonly { readonly name: string; readonly type: KeyType; readonly from: Origin }[];
  readonly columns: readonly { readonly name: string; readonly from: Origin }[];
  readonly rest: "copy" | "drop";
  /** Source columns (key columns too) that `rest: copy` does not carry over: dropped, renamed or used as a target key. */
  readonly excluded: readonly string[];
  readonly computed: readonly Computation[];
  /** Index into `computed` of a boolean that must be true, or undefined. */
  readonly keep: number | undefined;
}

/** Why one row cannot be carried over; never stops a job by itself. */
export interface Refusal {
  /** Stable cause, e.g. `cast`, `missing-key`, `mapping-threw`, `too-large`, `duplicate-key`, or a service code. */
  readonly cause: string;
  readonly text: string;
  /** The column concerned, where there is one. */
  readonly column?: string | undefined;
}

/** Thrown by `CompiledMapping.map` for one row. */
export class RowRefused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.text);
    this.name = "RowRefused";
    this.refusal = refusal;
  }
}

/** The one object that copy, sync, verification and tests apply. */
export interface CompiledMapping {
  /** SHA-256 over the rules and, for a module, its bundled sources; recorded with every checkpoint. */
  readonly hash: string;
  /** How it may be applied to stream records (R1). */
  readonly mode: "cells" | "image" | "look-up";
  readonly targetKey: readonly KeySchema[];
  /** True: changes nothing. */
  readonly identity: boolean;
  /** Whether different source keys surely give different target keys: proved, or promised by its author. */
  readonly injective: boolean;
  /** What `injective` rests on; absent where it is false. */
  readonly injectiveBy?: "proof" | "promise" | undefined;
  /** Present when the mapping is all rules. */
  readonly plan: ColumnPlan | undefined;
  /** Zero, one or several rows with complete target keys in schema order. @throws RowRefused */
  map(row: FlowRow): readonly FlowRow[];
}
