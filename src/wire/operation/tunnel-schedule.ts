import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { empty, message, nested, operationOf, repeated, required, text } from "../message.ts";
import { tunnelChannel, type TunnelChannel } from "./tunnel-channel.ts";

export interface TunnelScheduleRequest {
  readonly tunnelId: string;
  /** Channels with the status wanted: closing suspends, open resumes, terminated stops (reference 5.8). */
  readonly channels: readonly TunnelChannel[];
}

export type TunnelScheduleResponse = Empty;

export const tunnelSchedule: Operation<TunnelScheduleRequest, TunnelScheduleResponse> = operationOf(
  "tunnel/schedule",
  "write",
  message<TunnelScheduleRequest>({ tunnelId: required(1, text), channels: repeated(3, nested(tunnelChannel)) }),
  empty,
);
