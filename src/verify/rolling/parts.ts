import { compareKey } from "../../model/key.ts";
import { keyOfId } from "../key-id.ts";

/** Keys behind the part before it, up to and with `to`. JSON-clean. */
export interface Part {
  /** Key's canonical bytes in base64; null: to the end. */
  readonly to: string | null;
  /** Wall clock, milliseconds, before any of its rows was read. */
  readonly at: number;
}

/** Parts remembered of one round: a key has up to 6 KB here. */
const PARTS_MOST = 32;

/** Adds a part behind the others; where they become too many, neighbours are joined and count as being as old as the older. */
export function addPart(parts: readonly Part[], part: Part): readonly Part[] {
  const all = [...parts, part];
  if (all.length <= PARTS_MOST) return all;
  const joined: Part[] = [];
  for (let i = 0; i < all.length; i += 2) {
    const [first, second] = [all[i]!, all[i + 1]];
    joined.push(second === undefined ? first : { to: second.to, at: Math.min(first.at, second.at) });
  }
  return joined;
}

/**
 * Since when every row of both sides has been verified: the age of the part that waits longest. Null where some part never was.
 * @param before parts of the last whole round @param now those of the round under way
 */
export function oldestPart(before: readonly Part[], now: readonly Part[]): number | null {
  const reached = now.at(-1);
  const open = reached === undefined || reached.to !== null;
  if (open && before.length === 0) return null;
  const behind = open ? before.filter(({ to }) => reached === undefined || to === null || isBehind(to, reached.to!)) : [];
  return [...behind, ...now].reduce((oldest, { at }) => Math.min(oldest, at), Infinity);
}

function isBehind(key: string, reached: string): boolean {
  return compareKey(keyOfId(idOfText(key)), keyOfId(idOfText(reached))) > 0;
}

export function textOfId(id: string): string {
  return Buffer.from(id, "latin1").toString("base64");
}

export function idOfText(text: string): string {
  return Buffer.from(text, "base64").toString("latin1");
}
