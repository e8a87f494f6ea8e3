import type { SyncJobStatus } from "../../run/sync-job.ts";
import type { ChannelStatus, WorkerStatus } from "../../sync/sync-status.ts";
import type { Paint } from "../terminal.ts";
import { count, counted, duration } from "./amounts.ts";
import { facts, grid } from "./grid.ts";
import { plainText } from "./plain-text.ts";

export interface SyncStatusOptions {
  readonly paint: Paint;
  readonly width: number;
  readonly self: string;
  /** The job file as the user named it. */
  readonly file: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
}

/** Channels listed at most; the rest are counted. */
const channelsShown = 20;

/** The live view of a sync: phase, rate, lag, workers, channels, and what can be done now. */
export function syncStatusLines(status: SyncJobStatus, options: SyncStatusOptions): string[] {
  const { paint, width } = options;
  const { phase, counts, workers, channels } = status;
  const pairs: (readonly [string, string | undefined])[] = [
    ["source", status.source],
    ["target", status.target],
    ["lag", lagText(status)],
    ["rate", workers.some(isAlive) ? `${count(status.changesPerSecond)} changes/s` : undefined],
    ["changes", counts.changes === 0 ? undefined : countsText(counts)],
    ["conflicts", counts.conflicts === undefined ? undefined : conflictsText(counts.conflicts)],
    [
      "parked",
      status.parked === 0 ? undefined : paint.yellow(`${counted(status.parked, "key")}; \`${options.self} rejects list ${options.file}\``),
    ],
    ["unread", status.expiresInHours === undefined ? undefined : expiryText(status.expiresInHours)],
    [
      "copy",
      status.copyPassed ? undefined : status.record?.stage === "streaming" ? "done; its end is not passed by every channel yet" : undefined,
    ],
    ["limits", status.control.rates === undefined ? undefined : ratesText(status.control.rates)],
    ["state", status.stateTitle],
  ];
  return [
    `${paint.bold(status.job)}: ${phase}`,
    ...facts(
      pairs.map(([label, text]) => [label, text === undefined ? undefined : text] as const),
      paint,
    ),
    ...workersLines(workers, options),
    ...channelLines(channels, { paint, width }),
    ...nextLines(status, options),
  ];
}

/** One line for logs. */
export function syncStatusLine(status: Pick<SyncJobStatus, "job" | "phase" | "lagMs" | "changesPerSecond" | "counts" | "parked">): string {
  const lag = status.lagMs === null ? "lag not known yet" : `lag ${duration(status.lagMs / 1000)}`;
  const parked = status.parked === 0 ? "" : `, ${counted(status.parked, "key")} parked`;
  return `${status.job}: ${status.phase}, ${lag}, ${count(status.changesPerSecond)} changes/s, ${counted(status.counts.changes, "change")} in all${parked}`;
}

function lagText({ lagMs, unread, unheld }: SyncJobStatus): string {
  const changes = unread === null || unread === 0 ? "" : `, about ${counted(unread, "change")}`;
  const lag = lagMs === null ? "not known yet" : `${duration(lagMs / 1000)}${changes}`;
  return unheld.length === 0 ? lag : `${lag}, ${counted(unheld.length, "channel")} held by no living worker`;
}

function countsText({ changes, puts, updates, deletes, folded, filtered, parked }: SyncJobStatus["counts"]): string {
  const parts = [`${count(puts)} put`, `${count(updates)} updated`, `${count(deletes)} deleted`];
  if (folded > 0) parts.push(`${count(folded)} overtaken by a later change`);
  if (parked > 0) parts.push(`${count(parked)} put aside`);
  if (filtered > 0) parts.push(`${count(filtered)} filtered out`);
  return `${count(changes)} taken: ${parts.join(", ")}`;
}

function conflictsText(conflicts: NonNullable<SyncJobStatus["counts"]["conflicts"]>): string {
  const parts = Object.entries(conflicts).filter(([, of]) => of > 0);
  return parts.length === 0 ? "none" : parts.map(([policy, of]) => `${count(of)} decided by ${policy}`).join(", ");
}

function expiryText(hours: number): string {
  return hours <= 0 ? "changes may have expired unread" : `the oldest change would expire in ${duration(hours * 3600)}`;
}

function ratesText({ rowsPerSecond, bytesPerSecond }: NonNullable<SyncJobStatus["control"]["rates"]>): string {
  const parts = [
    ...(rowsPerSecond === undefined ? [] : [`${count(rowsPerSecond)} rows/s`]),
    ...(bytesPerSecond === undefined ? [] : [`${count(bytesPerSecond)} bytes/s`]),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

function isAlive({ condition }: WorkerStatus): boolean {
  return condition === "alive";
}

function workersLines(workers: readonly WorkerStatus[], { paint, width, now }: SyncStatusOptions): string[] {
  if (workers.length === 0) return [];
  const rows = workers.map((worker) => [
    plainText(worker.title),
    worker.condition === "alive" ? worker.doing : worker.condition,
    count(worker.channels),
    count(worker.changesPerSecond),
    `${duration(Math.max(0, now - worker.lastSignOfLife) / 1000)} ago`,
    plainText(worker.trouble ?? ""),
  ]);
  return ["", ...grid(["worker", "state", "channels", "changes/s", "last sign", ""], rows, { paint, width })];
}

function channelLines(channels: readonly ChannelStatus[], screen: { readonly paint: Paint; readonly width: number }): string[] {
  if (channels.length === 0) return [];
  const worst = channels.toSorted((a, b) => (b.lagMs ?? Infinity) - (a.lagMs ?? Infinity));
  const rows = worst
    .slice(0, channelsShown)
    .map((channel) => [
      plainText(channel.id),
      channel.doing,
      channel.lagMs === null ? "?" : duration(channel.lagMs / 1000),
      count(channel.counts.changes),
      channel.oldestWaiting === null ? "" : new Date(channel.oldestWaiting).toISOString(),
    ]);
  const more = channels.length > channelsShown ? [`… of ${counted(channels.length, "channel")} in all, those furthest behind first`] : [];
  return ["", ...grid(["channel", "state", "lag", "changes", "oldest unread"], rows, screen), ...more];
}

function nextLines({ phase, parked, control }: SyncJobStatus, { self, file }: SyncStatusOptions): string[] {
  const next = [
    ...(phase === "not begun" || phase === "no worker" ? [`${self} sync run ${file}`] : []),
    ...(control.paused ? [`${self} sync resume ${file}`] : []),
    ...(parked > 0 ? [`${self} rejects replay ${file}`] : []),
  ];
  return next.length === 0 ? [] : ["", "Next:", ...next.map((command) => `  ${command}`)];
}
