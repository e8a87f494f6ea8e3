import type { Chance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import type { TableStoreClient } from "../../client/table-store-client.ts";
import type { RunChannel } from "../channel.ts";
import { PageRooms } from "./page-rooms.ts";
import { Seats } from "./seats.ts";

export interface TunnelSessionOptions {
  readonly client: Pick<TableStoreClient, "call">;
  readonly tunnelId: string;
  readonly clock: Clock;
  readonly chance: Chance;
  /** Milliseconds of silence after which the tunnel gives the channels to others; 15 s. The service is told whole seconds, rounded up. */
  readonly timeoutMs?: number | undefined;
  /**
   * Milliseconds from one heartbeat to the next; a fifteenth of the time-out, so that a dead worker's channels are had by others within time-out + 5 s.
   * The official clients send none more often than every 5 s (reference 5.9): whether that counts is the caller's to decide.
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Milliseconds after which a write must have been given up (R2), and a call of the session itself; a tenth of the time-out, so that others, who wait as long for what a
   * dead worker sent, write within time-out + 5 s.
   */
  readonly requestDeadlineMs?: number | undefined;
  /** Says to people who the client is, where the service shows it. */
  readonly tag?: string | undefined;
  /** Ends the session in order: channels are closed, told, and given back. */
  readonly signal: AbortSignal;
  /** Drops everything at once: nothing is sent any more, and `run` rejects with its reason. */
  readonly kill?: AbortSignal | undefined;
  readonly note: (line: string) => void;
  readonly run: RunChannel;
  /** Reads that may wait at an embedded server at once; 8 of this session's own. Share one over sessions with the same client. */
  readonly seats?: Seats | undefined;
  /** Memory that pages are read into; this session's own. Share one over the sessions of a process. */
  readonly rooms?: PageRooms | undefined;
  /** Milliseconds for which connecting is tried in a row; 10 minutes. */
  readonly patienceMs?: number | undefined;
}

type Decided = "timeoutMs" | "heartbeatMs" | "requestDeadlineMs" | "seats" | "rooms" | "patienceMs";

/** Options with everything decided. */
export type SessionTerms = Omit<TunnelSessionOptions, Decided> & {
  readonly [Option in Decided]: NonNullable<TunnelSessionOptions[Option]>;
};

const TIMEOUT_MS = 15_000;
const SEATS = 8;
const PATIENCE_MS = 600_000;

export function termsOf(options: TunnelSessionOptions): SessionTerms {
  const { timeoutMs = TIMEOUT_MS } = options;
  const { heartbeatMs = timeoutMs / 15, requestDeadlineMs = timeoutMs / 10, patienceMs = PATIENCE_MS } = options;
  const { seats = new Seats(SEATS), rooms = new PageRooms() } = options;
  return { ...options, timeoutMs, heartbeatMs, requestDeadlineMs, seats, rooms, patienceMs };
}
