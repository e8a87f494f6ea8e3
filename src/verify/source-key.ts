import type { CompiledMapping } from "../job/mapping.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeySchema } from "../model/schema.ts";
import type { KeyValue } from "../model/value.ts";

/** Finds the source key that a target key came from. */
export type KeyInverse = (targetKey: readonly KeyColumn<KeyValue>[]) => readonly KeyColumn<KeyValue>[];

/**
 * The way back, where the mapping at most renames and reorders key columns; undefined where it derives, casts or drops any (then
 * the source must be scanned for the row).
 */
export function keyInverse(mapping: CompiledMapping | undefined, sourceKey: readonly KeySchema[]): KeyInverse | undefined {
  if (sourceKey.length === 0) return undefined;
  if (mapping === undefined || mapping.identity) return (key) => key;
  const { plan } = mapping;
  if (plan === undefined) return undefined;
  const places = sourceKey.map(({ name, type }) =>
    plan.targetKey.findIndex((target) => target.type === type && target.from.kind === "key" && target.from.name === name),
  );
  if (places.includes(-1)) return undefined;
  return (key) => sourceKey.map(({ name }, i) => ({ name, value: key[places[i]!]!.value }));
}
