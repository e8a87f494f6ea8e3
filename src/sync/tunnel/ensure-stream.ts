import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { TableferryError } from "../../base/error.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import { repeat } from "../../pipeline/repeat.ts";
import { describeStream } from "../../wire/operation/describe-stream.ts";
import { listStream } from "../../wire/operation/list-stream.ts";
import { updateTable } from "../../wire/operation/update-table.ts";

/** What everything about tunnels that is done once needs. */
export interface TunnelAdminContext {
  readonly client: Pick<TableStoreClient, "call" | "describeTable">;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

export interface WantedStream {
  /** 1 to 168. */
  readonly expirationHours: number;
  /** Columns whose old values shall stand in records; any for a stream that is on already. */
  readonly originColumns: readonly string[];
}

/** The stream of a table, as it is. */
export interface TableStream {
  readonly streamId: string;
  /** Undefined where the service does not say. */
  readonly expirationHours: number | undefined;
  readonly originColumns: readonly string[];
  /** Microseconds since 1970. */
  readonly enabledAt: number | undefined;
  /** False: it was on already. It is left as it is then, since others may read it: what it keeps is the caller's to judge. */
  readonly made: boolean;
}

const ACTIVE_MS_MAX = 60_000;
const FIRST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 2000;

/**
 * Switches a table's stream on where it is off, and waits until it is active (R3 step 1).
 * @throws what the service answers; TF_TIMEOUT for a stream that does not become active; the signal's reason
 */
export async function ensureStream(context: TunnelAdminContext, tableName: string, wanted: WantedStream): Promise<TableStream> {
  const { client, clock, chance, signal } = context;
  const asking = <T>(call: () => Promise<T>) => repeat(call, context, signal);
  let made = false;
  const began = clock.monotonic();
  for (let looks = 0; ; looks++) {
    const { stream } = await asking(() => client.describeTable(tableName, { signal }));
    if (stream?.enabled === true) {
      const { streamId, expirationHours, lastEnableTime, originColumns } = stream;
      const id = streamId ?? (await asking(() => client.call(listStream, { tableName }, { signal }))).streams[0]?.streamId;
      if (
        id !== undefined &&
        (await asking(() => client.call(describeStream, { streamId: id, shardLimit: 1 }, { signal }))).status === "active"
      ) {
        return { streamId: id, expirationHours, originColumns, enabledAt: lastEnableTime, made };
      }
    } else if (!made) {
      await asking(() => client.call(updateTable, { tableName, stream: { enabled: true, ...wanted } }, { signal }));
      made = true;
      continue;
    }
    if (clock.monotonic() - began > ACTIVE_MS_MAX) {
      throw new TableferryError("TF_TIMEOUT", {
        message: "the table's stream was switched on, and has not become active",
        place: tableName,
      });
    }
    const full = Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(looks, 16));
    await clock.sleep(full / 2 + (full / 2) * chance.next(), signal);
  }
}
