import { TableferryError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { CompiledMapping, FlowRow } from "../../job/mapping.ts";
import type { KeySchema } from "../../model/schema.ts";
import type { KeyBound } from "../../model/value.ts";
import { encodeKeys } from "../../wire/plainbuffer/encode.ts";
import { RowWalker } from "../../wire/plainbuffer/walk.ts";
import type { Batch, Canonicalizer, Described, Position, ScanScope, Source, Split } from "../connector.ts";
import { DecodedCanonicalizer } from "../decoded-canonicalizer.ts";
import { firstRows } from "./first-rows.ts";
import { decodeFlowRows } from "./flow-rows.ts";
import { fullRange } from "./key-bounds.ts";
import { lookUpRows } from "./look-up.ts";
import { canonicalPlan, EncodedCanonicalizer } from "./encoded-canonicalizer.ts";
import { describedTable, findTable, tableTitle } from "./table-facts.ts";
import { scanTable, selectionOf } from "./table-scan.ts";
import { cutRange, measureTable, type TableSize } from "./table-splits.ts";

export interface TableSourceOptions {
  /** Rows a page may have; default the service's most, 5,000. */
  readonly pageRows?: number | undefined;
  /** The table's key where it is known already. */
  readonly key?: readonly KeySchema[] | undefined;
}

/** Rows read to estimate how large a row is; a table that ends within them is counted. */
const measuredRows = 1000;
/** Pieces asked for to estimate how large a table is. */
const measuredPieces = 32;

/** A table of Table Store as a source. The client stays its owner's: closing the source does not close it. */
export function tableSource(client: TableStoreClient, table: string, options: TableSourceOptions = {}): Source {
  return new TableSource(client, table, options);
}

type Estimate = Pick<Described, "estimatedRows" | "estimatedBytes">;

class TableSource implements Source {
  readonly #client: TableStoreClient;
  readonly #table: string;
  readonly #options: TableSourceOptions;
  #key: readonly KeySchema[] | undefined;
  /** Found out once: estimates need not follow a table that is written meanwhile, and each costs several calls. */
  #size: { readonly pieces: number; readonly found: Promise<TableSize | undefined> } | undefined;
  #estimated: Estimate | undefined;

  constructor(client: TableStoreClient, table: string, options: TableSourceOptions) {
    this.#client = client;
    this.#table = table;
    this.#options = options;
    this.#key = options.key;
  }

  async describe(signal?: AbortSignal): Promise<Described> {
    const found = await findTable(this.#client, this.#table, signal);
    const described = describedTable(tableTitle(this.#client, this.#table), found);
    if (found === undefined) return described;
    this.#key = found.meta.key;
    this.#estimated ??= await this.#estimate(found.meta.key, signal);
    return { ...described, ...this.#estimated };
  }

  /** At least `pieces` pieces, where the table is large enough. */
  #measured(key: readonly KeySchema[], pieces: number, signal?: AbortSignal): Promise<TableSize | undefined> {
    if (this.#size === undefined || this.#size.pieces < pieces) {
      const found = measureTable(this.#client, this.#table, key, pieces, signal);
      const size = (this.#size = { pieces, found });
      // A failure is told to who asked, and the next one asks again.
      found.catch(() => {
        if (this.#size === size) this.#size = undefined;
      });
    }
    return this.#size.found;
  }

  async #estimate(key: readonly KeySchema[], signal?: AbortSignal): Promise<Estimate> {
    const { rows, bytes, more } = await firstRows(
      this.#client,
      this.#table,
      fullRange(undefined, key),
      measuredRows,
      { versions: "latest" },
      signal,
    );
    if (!more) return { estimatedRows: rows.length, estimatedBytes: bytes };
    const size = await this.#measured(key, measuredPieces, signal);
    if (size === undefined || rows.length === 0) return {};
    const total = Math.max(bytes, (size.points.length + 0.5) * size.pieceBytes);
    return { estimatedRows: Math.round((total * rows.length) / bytes), estimatedBytes: total };
  }

  async sample(count: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly FlowRow[]> {
    if (count <= 0) return [];
    const range = fullRange(scope.range, await this.#keyOf(signal));
    return (await firstRows(this.#client, this.#table, range, count, scope, signal)).rows;
  }

  async split(wanted: number, scope: ScanScope, signal?: AbortSignal): Promise<readonly Split[]> {
    const key = await this.#keyOf(signal);
    const range = fullRange(scope.range, key);
    // A part of a table needs smaller pieces to fall into as many.
    const size = wanted > 1 ? await this.#measured(key, scope.range === undefined ? wanted : wanted * 8, signal) : undefined;
    return cutRange(range, size, wanted);
  }

  scan(split: Split, from: Position | undefined, scope: ScanScope, signal?: AbortSignal): AsyncIterable<Batch> {
    return scanTable({ client: this.#client, table: this.#table, split, from, scope, pageRows: this.#options.pageRows }, signal);
  }

  async lookUp(keys: readonly (readonly KeyBound[])[], scope: ScanScope, signal?: AbortSignal): Promise<readonly (FlowRow | undefined)[]> {
    const schema = await this.#keyOf(signal);
    const encoded = encodeKeys(keys.map((key) => key.map((value, at) => ({ name: schema[at]?.name ?? "", value }))));
    const found = await lookUpRows(this.#client, this.#table, encoded, selectionOf(scope), signal);
    const walker = new RowWalker();
    return found.map((bytes) => decodeFlowRows(bytes, scope.versions, walker)[0]);
  }

  canonicalizer(mapping: CompiledMapping | undefined, scope: ScanScope): Canonicalizer {
    const plan = canonicalPlan(mapping, this.#key, scope);
    // No cell checksums: the page's MD5 is checked under its signature, and the SHA-256 of each row sees whatever differs. They took a
    // tenth of a verification.
    return plan === undefined ? new DecodedCanonicalizer(mapping, scope) : new EncodedCanonicalizer(plan, new RowWalker("none"));
  }

  async close(): Promise<void> {}

  /** The table's key, asked for once: a table never changes it. @throws TF_SOURCE_MISSING */
  async #keyOf(signal?: AbortSignal): Promise<readonly KeySchema[]> {
    if (this.#key !== undefined) return this.#key;
    const found = await findTable(this.#client, this.#table, signal);
    if (found === undefined) {
      const title = tableTitle(this.#client, this.#table);
      throw new TableferryError("TF_SOURCE_MISSING", { message: `there is no ${title}`, place: title });
    }
    return (this.#key = found.meta.key);
  }
}
