import type { Refusal } from "../job/mapping.ts";
import { valueOf } from "../job/scalar.ts";
import type { KeyColumn } from "../model/key.ts";
import type { KeyValue } from "../model/value.ts";
import type { Reject } from "../pipeline/rejects.ts";
import { keyText } from "./key-text.ts";

/** Source rows that the job put aside. */
export interface RejectIndex {
  /** @param place where the row stood, as its batch says: several rows of a file can have one key */
  has(place: string): boolean;
}

/** Remembers of each reject where it stood; some 100 bytes a reject. Undefined when there are none. */
export async function rejectIndex(rejects: AsyncIterable<Reject>): Promise<RejectIndex | undefined> {
  const places = new Set<string>();
  for await (const { place } of rejects) places.add(place);
  return places.size === 0 ? undefined : places;
}

/** Why one row was put aside, if it was; known by where it stood, or by its key where it was asked for by that. */
export async function findReject(
  rejects: AsyncIterable<Reject>,
  place: string,
  key: readonly KeyColumn<KeyValue>[],
): Promise<Refusal | undefined> {
  const wanted = new Set(key.length > 0 ? [place, keyText(key)] : [place]);
  for await (const reject of rejects) {
    if (!namesOf(reject).some((name) => wanted.has(name))) continue;
    const { cause, text, column } = reject;
    return column === undefined ? { cause, text } : { cause, text, column };
  }
  return undefined;
}

function namesOf({ place, original }: Reject): string[] {
  if (typeof original === "string" || original.key.length === 0) return [place];
  return [place, keyText(original.key.map(([name, value]) => ({ name, value: valueOf(value) as KeyValue })))];
}
