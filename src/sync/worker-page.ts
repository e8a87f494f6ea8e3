import { unreadOf } from "./arrival-rate.ts";
import type { AppliedCounts, ChannelState } from "./channel-progress.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A channel must be read to its end, or move, within so many milliseconds; an idle one is read at least every second. */
const stuckMs = 60_000;

/**
 * Whether a worker does its work (for liveness probes): it told its state lately, and each of its channels moved or was seen to have nothing
 * new. A paused or waiting one is alive as well.
 */
export function isHealthy(records: readonly WorkerRecord[], now: number): boolean {
  return records.every(
    ({ beat, beatMs, channels, doing }) =>
      now - beat < Math.max(4 * beatMs, stuckMs) &&
      (doing === "paused" || channels.every((channel) => channel.doing === "finished" || now - channel.lastSign < stuckMs)),
  );
}

/** What a worker has done, in the text form of Prometheus; one record a table that it synchronises. */
export function metricsText(records: readonly (WorkerRecord & { readonly job: string })[], now: number): string {
  const kinds: readonly (keyof Omit<AppliedCounts, "echoes" | "conflicts">)[] = [
    "puts",
    "updates",
    "deletes",
    "folded",
    "filtered",
    "parked",
  ];
  const lines = [
    "# HELP tableferry_sync_changes_total Changes taken, by what became of them.",
    "# TYPE tableferry_sync_changes_total counter",
    ...records.flatMap(({ job, counts }) =>
      kinds.map((kind) => `tableferry_sync_changes_total{${label("job", job)},outcome="${kind}"} ${counts[kind]}`),
    ),
    "# HELP tableferry_sync_conflicts_total Columns that both sites of a two-way sync had changed, by the policy that decided.",
    "# TYPE tableferry_sync_conflicts_total counter",
    ...records.flatMap(({ job, counts: { conflicts = {} } }) =>
      Object.entries(conflicts).map(([policy, of]) => `tableferry_sync_conflicts_total{${label("job", job)},policy="${policy}"} ${of}`),
    ),
    "# HELP tableferry_sync_lag_seconds Seconds between the commit of the oldest change that may not be applied and now, by channel.",
    "# TYPE tableferry_sync_lag_seconds gauge",
    ...records.flatMap(({ job, channels }) =>
      channels.flatMap((channel) => {
        const lagMs = lagOf(channel, now);
        return lagMs === null ? [] : [`tableferry_sync_lag_seconds{${label("job", job)},${label("channel", channel.id)}} ${lagMs / 1000}`];
      }),
    ),
    "# HELP tableferry_sync_unread_changes Changes that are not applied, estimated from the lag and from how many the source commits, by channel.",
    "# TYPE tableferry_sync_unread_changes gauge",
    ...records.flatMap(({ job, channels }) =>
      channels.flatMap((channel) => {
        const lagMs = lagOf(channel, now);
        if (lagMs === null || channel.arriving === null) return [];
        const unread = unreadOf(lagMs, channel.arriving);
        return [`tableferry_sync_unread_changes{${label("job", job)},${label("channel", channel.id)}} ${unread}`];
      }),
    ),
    "# HELP tableferry_sync_channels Channels held.",
    "# TYPE tableferry_sync_channels gauge",
    ...records.map(({ job, channels }) => `tableferry_sync_channels{${label("job", job)}} ${channels.length}`),
    "# HELP tableferry_sync_paused Whether the sync is paused.",
    "# TYPE tableferry_sync_paused gauge",
    ...records.map(({ job, doing }) => `tableferry_sync_paused{${label("job", job)}} ${doing === "paused" ? 1 : 0}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Milliseconds; null before anything was read. A channel seen to be empty a moment ago is not behind. */
function lagOf({ oldestWaiting, caughtUpAt, appliedThrough }: ChannelState, now: number): number | null {
  const since = oldestWaiting ?? caughtUpAt ?? appliedThrough;
  if (since === null) return null;
  const lag = Math.max(0, now - since);
  return oldestWaiting === null && lag < 2000 ? 0 : lag;
}

function label(name: string, value: string): string {
  return `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
