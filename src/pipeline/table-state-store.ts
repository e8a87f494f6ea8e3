import type { Clock } from "../base/clock.ts";
import { TableferryError } from "../base/error.ts";
import { UnknownOutcome } from "../client/call.ts";
import type { TableStoreClient } from "../client/table-store-client.ts";
import type { WriteCondition } from "../model/condition.ts";
import type { KeyColumn } from "../model/key.ts";
import type { Row } from "../model/row.ts";
import { INF_MAX } from "../model/value.ts";
import { decodeRow, decodeRows } from "../wire/plainbuffer/decode.ts";
import { encodeChange, encodeKey } from "../wire/plainbuffer/encode.ts";
import { ServiceError } from "../wire/service-error.ts";
import { sameEntry } from "./memory-state-store.ts";
import type { StateEntry, StateStore } from "./state-store.ts";

export interface TableStateStoreOptions {
  readonly client: TableStoreClient;
  readonly table: string;
  readonly clock: Clock;
  /** Milliseconds one try of a request may take; shorter than the lease that is kept here. */
  readonly timeoutMs?: number | undefined;
}

/** Times a write whose answer was lost is sent again before the loss is reported. */
const lostAnswersMax = 5;
/** A table that was just made answers after some seconds (reference 7.1). */
const readyWaitMs = 60_000;
const readyPollMs = 500;

/**
 * State in a table of Table Store: one row a key (`key`; columns `token`, `seq`, `value`). Made at the first write when it is not
 * there; reading where it is not there finds nothing. A write is conditional on existence and on token and seq of the latest
 * version, a missing column failing the condition (R8: the service's default lets it pass). After a refused condition or a
 * lost answer the row is read back, because an earlier try may have been applied.
 */
export class TableStateStore implements StateStore {
  readonly title: string;
  readonly #options: TableStateStoreOptions;

  constructor(options: TableStateStoreOptions) {
    this.#options = options;
    this.title = `table ${options.table} of instance ${options.client.instance}`;
  }

  async get(key: string): Promise<StateEntry | undefined> {
    const { client, table, timeoutMs } = this.#options;
    const reply = await this.#whereThere(() =>
      client.getRow({ tableName: table, key: encodeKey(keyOf(key)), selection: { maxVersions: 1 } }, { timeoutMs }),
    );
    return reply === undefined ? undefined : this.#entryOf(decodeRow(reply.row));
  }

  async compareAndSet(key: string, expected: Pick<StateEntry, "token" | "seq"> | undefined, next: StateEntry): Promise<boolean> {
    for (let lost = 0; ; lost++) {
      try {
        await this.#put(key, conditionOf(expected), next);
        return true;
      } catch (error) {
        if (error instanceof ServiceError && error.code === "OTSConditionCheckFail") return sameEntry(await this.get(key), next);
        if (!(error instanceof UnknownOutcome) || lost === lostAnswersMax) throw error;
        const stored = await this.get(key);
        if (sameEntry(stored, next)) return true;
        // Not applied so far. Sent again, it cannot be applied twice: whichever lands first ends the other's condition.
        if (!sameEntry(stored, expected)) return false;
      }
    }
  }

  async *scan(prefix: string): AsyncGenerator<readonly [string, StateEntry]> {
    const { client, table, timeoutMs } = this.#options;
    const after = prefix === "" ? INF_MAX : prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    const range = {
      tableName: table,
      direction: "forward",
      selection: { maxVersions: 1 },
      end: encodeKey([{ name: "key", value: after }]),
    } as const;
    let start: Uint8Array | undefined = encodeKey(keyOf(prefix));
    while (start !== undefined) {
      const from: Uint8Array = start;
      const page = await this.#whereThere(() => client.getRange({ ...range, start: from }, { timeoutMs }));
      if (page === undefined) return;
      for (const row of page.rows.length === 0 ? [] : decodeRows(page.rows)) {
        const entry = this.#entryOf(row);
        if (entry !== undefined) yield [String(row.key[0]!.value), entry];
      }
      start = page.nextStart;
    }
  }

  /** Conditional like every write, so that a removal which takes effect late does not hit the key's next holder. */
  async remove(key: string): Promise<void> {
    const { client, table, timeoutMs } = this.#options;
    const change = encodeChange({ type: "delete", key: keyOf(key) });
    for (let lost = 0; ;) {
      const stored = await this.get(key);
      if (stored === undefined) return;
      try {
        await client.deleteRow({ tableName: table, change, condition: conditionOf(stored) }, { timeoutMs });
        return;
      } catch (error) {
        const changed = error instanceof ServiceError && error.code === "OTSConditionCheckFail";
        if (!changed && (!(error instanceof UnknownOutcome) || lost++ === lostAnswersMax)) throw error;
      }
    }
  }

  close(): Promise<void> {
    return this.#options.client.close();
  }

  async #put(key: string, condition: WriteCondition, { token, seq, value }: StateEntry): Promise<void> {
    const { client, table, timeoutMs } = this.#options;
    const cells = [
      { name: "token", value: token },
      { name: "seq", value: BigInt(seq) },
      { name: "value", value },
    ];
    const change = encodeChange({ type: "put", key: keyOf(key), cells });
    const put = () => client.putRow({ tableName: table, change, condition }, { timeoutMs });
    try {
      await put();
    } catch (error) {
      if (!isMissingTable(error)) throw error;
      await this.#createTable();
      await put();
    }
  }

  async #createTable(): Promise<void> {
    const { client, table, clock } = this.#options;
    const meta = { tableName: table, key: [{ name: "key", type: "string" }], definedColumns: [] } as const;
    try {
      await client.createTable({
        meta,
        reserved: { read: 0, write: 0 },
        options: { timeToLive: -1, maxVersions: 1 },
        partitions: [],
        indexes: [],
      });
    } catch (error) {
      const otherMadeIt = error instanceof ServiceError && error.code === "OTSObjectAlreadyExist";
      if (!otherMadeIt && !(error instanceof UnknownOutcome)) throw error;
    }
    for (let waited = 0; ; waited += readyPollMs) {
      const described = await this.#whereThere(() => client.describeTable(table));
      if (described?.status === "active") return;
      if (waited >= readyWaitMs)
        throw new TableferryError("TF_TIMEOUT", {
          message: `${this.title} was made but is not ready after ${readyWaitMs / 1000} s`,
          wayOut: "Run the job again in a minute.",
        });
      await clock.sleep(readyPollMs);
    }
  }

  async #whereThere<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (isMissingTable(error)) return undefined;
      if (error instanceof ServiceError && error.code === "OTSInvalidPK") throw this.#foreign(error);
      throw error;
    }
  }

  #entryOf(row: Row | undefined): StateEntry | undefined {
    if (row === undefined) return undefined;
    const cells = new Map(row.cells.map((cell) => [cell.name, cell.value]));
    const [token, seq, value] = [cells.get("token"), cells.get("seq"), cells.get("value")];
    if (typeof token !== "string" || typeof seq !== "bigint" || typeof value !== "string") throw this.#foreign();
    return { token, seq: Number(seq), value };
  }

  #foreign(cause?: Error): TableferryError {
    return new TableferryError("TF_STATE_CORRUPT", {
      message: `${this.title} holds something that is no job's state`,
      wayOut: "Name another table under `state`.",
      cause,
    });
  }
}

function conditionOf(expected: Pick<StateEntry, "token" | "seq"> | undefined): WriteCondition {
  if (expected === undefined) return { existence: "expectNotExist" };
  const equals = (name: string, value: string | bigint) =>
    ({ type: "column", name, comparator: "equal", value, filterIfMissing: true, latestVersionOnly: true }) as const;
  return {
    existence: "expectExist",
    filter: { type: "and", filters: [equals("token", expected.token), equals("seq", BigInt(expected.seq))] },
  };
}

function keyOf(key: string): readonly KeyColumn<string>[] {
  return [{ name: "key", value: key }];
}

function isMissingTable(error: unknown): boolean {
  return error instanceof ServiceError && error.code === "OTSObjectNotExist";
}
