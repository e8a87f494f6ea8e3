import type { CompiledMapping } from "../../job/mapping.ts";
import type { KeySchema } from "../../model/schema.ts";

/**
 * Whether target rows stand in the order of their source rows, so that both sides can be read side by side: the mapping carries the whole
 * key over, column by column, at most under other names.
 */
export function keepsKeyOrder(mapping: CompiledMapping | undefined, sourceKey: readonly KeySchema[]): boolean {
  if (sourceKey.length === 0) return false;
  if (mapping === undefined || mapping.identity) return true;
  const targetKey = mapping.plan?.targetKey;
  if (targetKey?.length !== sourceKey.length) return false;
  return targetKey.every(({ type, from }, i) => from.kind === "key" && from.name === sourceKey[i]!.name && type === sourceKey[i]!.type);
}
