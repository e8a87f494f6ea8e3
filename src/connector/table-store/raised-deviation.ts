import type { TableStoreClient } from "../../client/table-store-client.ts";

/**
 * While rows are written with their old timestamps, the table must take them whatever their age (engine rule R5). The raised
 * value carries the one before within itself, `mark + old`, so that it can be restored by anyone at any time: after a kill, from
 * another machine, without any state. All are seconds, and allowed: the service takes up to INT64_MAX / 10^6 (reference 7.9).
 */
const mark = 4_000_000_000_000;
/** 317 years: a deviation from here on admits every timestamp since 1970, and below it `mark + old` is unmistakable. */
const enough = 10_000_000_000;

export function isRaised(maxDeviation: number): boolean {
  return maxDeviation >= mark && maxDeviation < mark + enough;
}

/** Seconds that stand in the table when no run has raised them. */
export function ownDeviation(maxDeviation: number): number {
  return isRaised(maxDeviation) ? maxDeviation - mark : maxDeviation;
}

/** `ageSeconds`: of the oldest timestamp to come; undefined where it is not known. */
export async function raiseDeviation(
  client: TableStoreClient,
  tableName: string,
  maxDeviation: number,
  ageSeconds: number | undefined,
  signal?: AbortSignal,
): Promise<void> {
  if (isRaised(maxDeviation) || maxDeviation >= enough || (ageSeconds !== undefined && ageSeconds < maxDeviation)) return;
  await client.updateTable({ tableName, options: { maxDeviation: mark + maxDeviation } }, { signal });
}

export async function restoreDeviation(
  client: TableStoreClient,
  tableName: string,
  maxDeviation: number,
  signal?: AbortSignal,
): Promise<void> {
  if (isRaised(maxDeviation)) await client.updateTable({ tableName, options: { maxDeviation: ownDeviation(maxDeviation) } }, { signal });
}
