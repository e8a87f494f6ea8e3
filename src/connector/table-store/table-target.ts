import { assert } from "../../base/assert.ts";
import { systemClock, type Clock } from "../../base/clock.ts";
import { TableferryError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { CompiledMapping } from "../../job/mapping.ts";
import { limits } from "../../model/limits.ts";
import { defaultTableOptions, type KeySchema, type TableOptions } from "../../model/schema.ts";
import type { KeyBound } from "../../model/value.ts";
import type { RowKind } from "../../wire/operation/batch-write-body.ts";
import type { ChangeEncoder } from "../change.ts";
import type { Described, Encoder, EncoderOptions, Parcel, PrepareOptions, RowOutcome, Source, Target } from "../connector.ts";
import { TableChangeEncoder } from "./change-encoder.ts";
import { BatchParcel, plainKinds, WideParcel } from "./change-parcels.ts";
import { DecodedEncoder } from "./decoded-encoder.ts";
import { refuseOthers } from "./duplicate-rows.ts";
import { EncodedEncoder } from "./encoded-encoder.ts";
import { canonicalPlan } from "./encoded-canonicalizer.ts";
import { ParcelBuilder } from "./parcel-builder.ts";
import { compareKeys, isEmptyTable, obtainTable, type TableCreation } from "./prepare-table.ts";
import { raiseDeviation, restoreDeviation } from "./raised-deviation.ts";
import { removeRows } from "./remove-rows.ts";
import { describedTable, findTable, tableTitle } from "./table-facts.ts";
import { tableSource } from "./table-source.ts";
import { writeBatch, writeWide, type WriteTarget } from "./write-parcel.ts";

export interface TableTargetOptions {
  /** How to make the table where it is not there. */
  readonly create?: TableCreation | undefined;
  readonly clock?: Clock | undefined;
}

/** A put that replaces nothing. */
const insertion: RowKind = { type: "put", condition: { existence: "expectNotExist" } };

/** Cells that expire within this time after they are encoded are left out: they would be gone before the run is over. */
const expiryMarginMs = 600_000;

/** A table of Table Store as a target. The client stays its owner's: closing the target does not close it. */
export function tableTarget(client: TableStoreClient, table: string, options: TableTargetOptions = {}): Target {
  return new TableTarget(client, table, options);
}

class TableTarget implements Target {
  readonly #client: TableStoreClient;
  readonly #table: string;
  readonly #create: TableCreation | undefined;
  readonly #clock: Clock;
  #key: readonly KeySchema[] | undefined;
  #options: TableOptions = defaultTableOptions;
  #versions: "latest" | "keep" = "latest";

  constructor(client: TableStoreClient, table: string, options: TableTargetOptions) {
    this.#client = client;
    this.#table = table;
    this.#create = options.create;
    this.#clock = options.clock ?? systemClock;
  }

  async describe(signal?: AbortSignal): Promise<Described> {
    const found = await findTable(this.#client, this.#table, signal);
    const described = describedTable(tableTitle(this.#client, this.#table), found);
    // A table that will be made has the key it will be made with, so that mappings can be compiled and planned before.
    return found === undefined && this.#create !== undefined
      ? { ...described, key: this.#create.primaryKey, maxVersions: this.#create.maxVersions ?? 1 }
      : described;
  }

  async prepare(options: PrepareOptions, signal?: AbortSignal): Promise<void> {
    const found = await obtainTable(this.#client, this.#table, this.#create, this.#clock, signal);
    this.#key = found.meta.key;
    this.#options = found.options;
    this.#versions = options.versions;
    if (!options.resuming && options.notEmpty === "refuse" && !(await isEmptyTable(this.#client, this.#table, found.meta.key, signal))) {
      const title = tableTitle(this.#client, this.#table);
      throw new TableferryError("TF_TARGET_NOT_EMPTY", { message: `${title} holds rows already`, place: title });
    }
    if (options.versions === "keep") {
      const age = options.oldestTimestampMs === undefined ? undefined : Math.ceil(options.oldestTimestampMs / 1000);
      await raiseDeviation(this.#client, this.#table, found.options.maxDeviation, age, signal);
    }
  }

  async settle(signal?: AbortSignal): Promise<void> {
    const found = await findTable(this.#client, this.#table, signal);
    if (found !== undefined) await restoreDeviation(this.#client, this.#table, found.options.maxDeviation, signal);
  }

  encoder(mapping: CompiledMapping, options: EncoderOptions): Encoder {
    if (this.#key !== undefined) compareKeys(this.#key, mapping.targetKey, "the mapping", tableTitle(this.#client, this.#table));
    const { allowUpdate } = this.#options;
    const oldest = options.versions === "keep" ? this.#oldest() : undefined;
    const builder = new ParcelBuilder({
      table: this.#table,
      kind: options.refuseDuplicates ? insertion : plainKinds.put,
      keysMayRepeat: options.refuseDuplicates || mapping.injectiveBy !== "proof",
      allowUpdate,
    });
    const decoded = new DecodedEncoder(mapping, builder, { versions: options.versions, oldest });
    const plan = canonicalPlan(mapping, mapping.targetKey, { versions: options.versions, oldest });
    return plan === undefined ? decoded : new EncodedEncoder(plan, builder, decoded);
  }

  async changeEncoder(): Promise<ChangeEncoder> {
    if (this.#key === undefined) {
      const found = await obtainTable(this.#client, this.#table, undefined, this.#clock);
      this.#key = found.meta.key;
      this.#options = found.options;
    }
    const { allowUpdate } = this.#options;
    const builder = new ParcelBuilder({ table: this.#table, keysMayRepeat: false, allowUpdate });
    return new TableChangeEncoder(builder, { allowUpdate, oldest: () => this.#oldest() });
  }

  async write(parcel: Parcel, signal?: AbortSignal, mayLeave?: () => void): Promise<readonly RowOutcome[]> {
    signal?.throwIfAborted();
    const how = { signal, beforeSend: mayLeave };
    const target: WriteTarget = {
      client: this.#client,
      table: this.#table,
      duplicates: (changes, stop) => refuseOthers(this.#client, this.#table, this.#versions, changes, stop),
    };
    if (parcel instanceof WideParcel) return writeWide(target, parcel, how);
    assert(parcel instanceof BatchParcel, "a parcel of a table");
    return writeBatch(target, parcel, how);
  }

  /** Cells with an older timestamp (ms) are not worth writing. */
  #oldest(): number | undefined {
    const { timeToLive } = this.#options;
    return timeToLive > 0 ? this.#clock.now() - timeToLive * 1000 + expiryMarginMs : undefined;
  }

  reader(): Source {
    return tableSource(this.#client, this.#table, { key: this.#key });
  }

  async remove(keys: readonly (readonly KeyBound[])[], signal?: AbortSignal): Promise<void> {
    const schema = this.#key ?? (await this.describe(signal)).key;
    for (let from = 0; from < keys.length; from += limits.batchWriteRowsMax) {
      await removeRows(this.#client, this.#table, schema, keys.slice(from, from + limits.batchWriteRowsMax), signal);
    }
  }

  async close(): Promise<void> {}
}
