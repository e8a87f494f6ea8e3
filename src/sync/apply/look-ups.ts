import type { ScanScope, Source } from "../../connector/connector.ts";
import { TableferryError } from "../../base/error.ts";
import type { FlowRow } from "../../job/mapping.ts";
import { limits } from "../../model/limits.ts";
import { INF_MAX } from "../../model/value.ts";
import type { SourceKey } from "./cell-plan.ts";

export interface LookedUp<T> {
  readonly item: T;
  /** Undefined: there is none, or the scope leaves it out. */
  readonly row: FlowRow | undefined;
}

/** Requests under way at once; each asks for some 1 MB (R14), and for few rows until it is known how large they are. */
const requestsMax = 4;
const requestBytes = 1024 * 1024;
const firstKeys = 16;
/** Rows handed over together: several requests of the writer's, and not more than a budget of bytes. Two groups are held, decoded, at a time. */
const groupRows = 1000;
const groupBytes = 2 * 1024 * 1024;
/** Ranges of the target read at once. */
const rangesMax = 8;

/** Reads source rows as they are now, in groups of bounded size, the next one while the last is being written. */
export class LookUps {
  readonly #source: Source;
  readonly #scope: ScanScope;
  /** Bytes of a row, of late. */
  #rowBytes = requestBytes / firstKeys;

  constructor(source: Source, scope: ScanScope) {
    this.#source = source;
    this.#scope = scope;
  }

  async *read<T>(items: readonly T[], keyOf: (item: T) => SourceKey, signal?: AbortSignal): AsyncGenerator<readonly LookedUp<T>[]> {
    let at = 0;
    const next = async (): Promise<readonly LookedUp<T>[]> => {
      const group: LookedUp<T>[] = [];
      for (let bytes = 0; at < items.length && group.length < groupRows && bytes < groupBytes;) {
        const keys = Math.max(1, Math.min(limits.batchGetRowsMax, Math.floor(requestBytes / this.#rowBytes)));
        const requests: Promise<readonly LookedUp<T>[]>[] = [];
        for (; requests.length < requestsMax && at < items.length; at += keys)
          requests.push(this.#request(items.slice(at, at + keys), keyOf, signal));
        const answers = (await settled(requests)).flat();
        const read = answers.reduce((sum, { row }) => sum + (row === undefined ? 0 : sizeOf(row)), 0);
        const rows = answers.reduce((sum, { row }) => sum + (row === undefined ? 0 : 1), 0);
        if (rows > 0) this.#rowBytes = Math.max(1, read / rows);
        bytes += read;
        group.push(...answers);
      }
      return group;
    };
    let reading: Promise<readonly LookedUp<T>[]> | undefined = next();
    try {
      while (reading !== undefined) {
        const group: readonly LookedUp<T>[] = await reading;
        reading = at < items.length ? next() : undefined;
        reading?.catch(() => undefined); // judged when its turn comes
        if (group.length > 0) yield group;
      }
    } finally {
      await reading?.catch(() => undefined);
    }
  }

  async #request<T>(items: readonly T[], keyOf: (item: T) => SourceKey, signal?: AbortSignal): Promise<readonly LookedUp<T>[]> {
    const keys = items.map((item) => keyOf(item).map(({ value }) => value));
    const rows = await this.#source.lookUp!(keys, this.#scope, signal);
    return items.map((item, i) => ({ item, row: rows[i] }));
  }
}

/** The keys of a side that begin with a key, for each of some keys. */
export async function keysBehind(reader: Source, prefixes: readonly SourceKey[], signal?: AbortSignal): Promise<readonly SourceKey[][]> {
  const found: SourceKey[][] = prefixes.map(() => []);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < prefixes.length) {
      const at = next++;
      const from = prefixes[at]!.map(({ value }) => value);
      const scope: ScanScope = { versions: "latest", range: { from, to: [...from, INF_MAX] } };
      for (const split of await reader.split(1, scope, signal))
        for await (const batch of reader.scan(split, undefined, scope, signal)) found[at]!.push(...batch.decoded().map(({ key }) => key));
    }
  };
  await settled(Array.from({ length: Math.min(rangesMax, prefixes.length) }, worker));
  return found;
}

/** @throws TF_MAPPING_INVALID for a source that gives no rows by key */
export function assertLooksUp(source: Source): void {
  if (source.lookUp !== undefined) return;
  throw new TableferryError("TF_MAPPING_INVALID", {
    message: "the source gives no rows by key, so that changes whose records do not tell the row cannot be replayed",
  });
}

/** Waits for all, also where one fails: nothing is left under way. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** Bytes of a row, roughly and cheaply: what matters are values of megabytes. */
function sizeOf({ columns }: FlowRow): number {
  let bytes = 32;
  for (const { name, value } of columns)
    bytes += name.length + (typeof value === "string" || value instanceof Uint8Array ? value.length : 8) + 16;
  return bytes;
}
