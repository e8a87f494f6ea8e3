/** `tableferry/pulumi`: components for Pulumi programs. The library itself is loaded by the provider only. */
export { Cutover, type CutoverArgs } from "./cutover.ts";
export { EmbeddedStore, type EmbeddedStoreArgs, type StoreReference } from "./embedded-store.ts";
export { Instance, type CloudInstanceArgs, type EmbeddedInstanceArgs, type InstanceArgs } from "./instance.ts";
export { Migration, type MigrationArgs } from "./migration.ts";
export { ReplicatedTable, type Phase, type ReplicatedTableArgs } from "./replicated-table.ts";
export { SyncJob, type Runner, type SyncJobArgs } from "./sync-job.ts";
export { Table, type TableArgs, type TableKeyColumn } from "./table.ts";
export { Tunnel, type TunnelArgs } from "./tunnel.ts";
export { Verification, type VerificationArgs } from "./verification.ts";
export type { Inputs } from "./by-text.ts";
export type { JobArgs } from "./job-args.ts";
export type { Placed, Side } from "./place.ts";
