import { limits } from "../model/limits.ts";
import type { Capacity } from "../wire/operation/capacity.ts";

/** Capacity units of so many bytes: one for each 4 KB begun, at least one (reference 7.7). */
function units(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / limits.capacityUnitBytes));
}

export function readCapacity(bytes: number): Capacity {
  return { read: units(bytes), write: 0 };
}

/** What most writes cost: one object for all of them. */
export const oneWritten: Capacity = { read: 0, write: 1 };

/**
 * A write that had to read first, to judge its condition, costs that too. What indexes read and write along with a row is left out: the service bills it as
 * items of its own, and whether replies count it is unverified.
 */
export function writeCapacity(bytesWritten: number, bytesRead: number | undefined): Capacity {
  if (bytesRead === undefined && bytesWritten <= limits.capacityUnitBytes) return oneWritten;
  return { read: bytesRead === undefined ? 0 : units(bytesRead), write: units(bytesWritten) };
}
