import type { Empty } from "./empty.ts";
import type { Operation } from "./operation.ts";
import { pending } from "./pending.ts";
import type { TunnelChannel } from "./tunnel-channel.ts";

export interface TunnelScheduleRequest {
  readonly tunnelId: string;
  /** Channels with the status wanted: closing suspends, open resumes, terminated stops (reference 5.8). */
  readonly channels: readonly TunnelChannel[];
}

export type TunnelScheduleResponse = Empty;

export const tunnelSchedule: Operation<TunnelScheduleRequest, TunnelScheduleResponse> = pending("tunnel/schedule", "write");
