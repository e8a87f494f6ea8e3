import type { TableStoreClient } from "../client/table-store-client.ts";
import type { SyncSpec } from "../job/sync-spec.ts";

/** Whether the job's source is a pattern: every table that matches is synchronised. */
export function isSyncSet({ source }: SyncSpec): boolean {
  return source.table.includes("*");
}

/** Tables that are tableferry's own: their changes are nobody's (R9). */
function isStateTable(name: string, { state }: SyncSpec): boolean {
  return name === "tableferry_state" || (state?.type === "table" && name === state.table);
}

/**
 * One specification for each table that matches now. A target table that is not there is made with the source's key, unless `create` says otherwise.
 * Each is a sync of its own, named after the set and the table.
 */
export async function syncSet(spec: SyncSpec, client: TableStoreClient, signal: AbortSignal): Promise<readonly SyncSpec[]> {
  const [before = "", after = ""] = spec.source.table.split("*");
  const names = await client.listTable({ signal });
  const matching = names.filter(
    (name) => name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after) && !isStateTable(name, spec),
  );
  return Promise.all(
    matching.map(async (name) => {
      const middle = name.slice(before.length, name.length - after.length);
      const create = spec.target.create ?? (await creationLike(client, name, signal));
      return {
        ...spec,
        name: `${spec.name}.${name}`,
        source: { ...spec.source, table: name },
        target: { ...spec.target, table: spec.target.table.replace("*", middle), create },
      };
    }),
  );
}

async function creationLike(client: TableStoreClient, table: string, signal: AbortSignal): Promise<SyncSpec["target"]["create"]> {
  const { meta, options } = await client.describeTable(table, { signal });
  return {
    primaryKey: meta.key.map(({ name, type }) => ({ name, type })),
    timeToLiveSeconds: options.timeToLive,
    maxVersions: options.maxVersions,
  };
}
