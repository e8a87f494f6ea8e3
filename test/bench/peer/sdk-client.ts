import TableStore from "tablestore";
import { readFileSync } from "node:fs";
import { argument } from "../measure.ts";

/** The official Node SDK as its README sets it up, with keep-alive (Node's default agent has it) and 8 requests in flight. */
export function openSdk(instance: string) {
  const keys: { accessKeyId: string; accessKeySecret: string } = JSON.parse(readFileSync(argument("keys"), "utf8"));
  return new TableStore.Client({
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.accessKeySecret,
    endpoint: argument("endpoint"),
    instancename: instance,
    maxRetries: 20,
  });
}

export interface SdkRow {
  readonly primaryKey: { readonly name: string; readonly value: unknown }[];
  readonly attributes: { readonly columnName: string; readonly columnValue: unknown }[];
}

/** Pages of 5,000 rows, decoded by the SDK, until the table's end. */
export async function* sdkPages(
  client: ReturnType<typeof openSdk>,
  tableName: string,
  keyNames: readonly string[],
): AsyncGenerator<readonly SdkRow[]> {
  let start = keyNames.map((name) => ({ [name]: TableStore.INF_MIN as unknown }));
  for (;;) {
    const page = await client.getRange({
      tableName,
      direction: TableStore.Direction.FORWARD,
      maxVersions: 1,
      inclusiveStartPrimaryKey: start,
      exclusiveEndPrimaryKey: keyNames.map((name) => ({ [name]: TableStore.INF_MAX })),
      limit: 5000,
    });
    yield page.rows;
    if (!page.nextStartPrimaryKey) return;
    start = page.nextStartPrimaryKey.map(({ name, value }: { name: string; value: unknown }) => ({ [name]: value }));
  }
}

/** Runs writes with at most `most` in flight. */
export function inFlight(most: number) {
  const running = new Set<Promise<void>>();
  return {
    async add(work: () => Promise<void>): Promise<void> {
      while (running.size >= most) await Promise.race(running);
      const one = work().finally(() => running.delete(one));
      running.add(one);
    },
    async drain(): Promise<void> {
      await Promise.all(running);
    },
  };
}
