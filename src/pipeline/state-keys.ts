/**
 * Where things stand in a state store. A job's name has no `/`, so `name/` is the prefix of everything that is its own. What
 * belongs to one beginning-to-end attempt (splits, checkpoints, rejects) stands under its generation: starting anew is one write
 * of the run record, and what an earlier attempt left cannot be mistaken for the new one's.
 */
export const stateKeys = {
  /** Everything of a job. */
  all: (job: string) => `${job}/`,
  /** Who runs it. */
  lease: (job: string) => `${job}/lease`,
  /** What stage it is in: `RunRecord`. */
  run: (job: string) => `${job}/run`,
  generation: (job: string, generation: string) => `${job}/${generation}/`,
  /** The list of splits, cut into pieces. */
  splits: (job: string, generation: string, piece: number) => `${job}/${generation}/splits/${String(piece).padStart(6, "0")}`,
  checkpoints: (job: string, generation: string) => `${job}/${generation}/at/`,
  checkpoint: (job: string, generation: string, split: string) => `${job}/${generation}/at/${encodeURIComponent(split)}`,
  rejects: (job: string, generation: string) => `${job}/${generation}/reject/`,
  reject: (job: string, generation: string, split: string, ordinal: number) =>
    `${job}/${generation}/reject/${encodeURIComponent(split)}/${String(ordinal).padStart(9, "0")}`,
  /** What stage a sync is in: `SyncRecord`. */
  sync: (job: string) => `${job}/sync`,
  /** Columns of the source and their types, as far as they were seen: `KnownColumns`. */
  columns: (job: string) => `${job}/columns`,
  /** What its workers are told: `SyncControl`. */
  control: (job: string) => `${job}/control`,
  /** Which way a sync goes, and how far a cut-over is: `CutOverRecord`. */
  cutOver: (job: string) => `${job}/cut-over`,
  /** Who runs a cut-over. */
  cutOverLease: (job: string) => `${job}/cut-over-lease`,
  /** Who holds a channel: `ChannelRecord`. */
  channel: (job: string, channel: string) => `${job}/channel/${encodeURIComponent(channel)}`,
  channels: (job: string) => `${job}/channel/`,
  /** What each worker tells of itself: `WorkerRecord`. */
  worker: (job: string, worker: string) => `${job}/worker/${worker}`,
  workers: (job: string) => `${job}/worker/`,
  /** Source keys whose changes are put aside until they are replayed. */
  parkedKeys: (job: string) => `${job}/parked/`,
  parked: (job: string, id: string) => `${job}/parked/${id}`,
  /** What a site of a two-way sync has deleted of a row: `Tombstone`. */
  tombstones: (job: string, site: string) => `${job}/tombstone/${site}/`,
  tombstone: (job: string, site: string, id: string) => `${job}/tombstone/${site}/${id}`,
  /** What both sites of a two-way sync changed, in the order of time: `ListedConflict`. */
  conflicts: (job: string) => `${job}/conflict/`,
  conflict: (job: string, at: number, id: string) => `${job}/conflict/${String(at).padStart(15, "0")}-${id}`,
  /** Who did what, in the order of time. */
  audit: (job: string, at: number, id: string) => `${job}/audit/${String(at).padStart(15, "0")}-${id}`,
  audits: (job: string) => `${job}/audit/`,
  /** Which worker verifies continually. */
  verifier: (job: string) => `${job}/verify/lease`,
  /** How its continuous verification stands: `RollingRecord`. */
  verification: (job: string) => `${job}/verify/rolling`,
  /** Digests of a round of it that is under way, where sides are compared by digests. */
  verificationDigests: (job: string) => `${job}/verify/digests`,
} as const;
