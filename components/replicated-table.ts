import * as pulumi from "@pulumi/pulumi";
import type { SyncInput } from "../src/index.ts";
import type { Inputs } from "./by-text.ts";
import { Cutover } from "./cutover.ts";
import type { Instance } from "./instance.ts";
import type { Side } from "./place.ts";
import { declaredSync, SyncJob, type SyncJobArgs } from "./sync-job.ts";
import { Table, tablePlace, type TableArgs } from "./table.ts";
import { Verification } from "./verification.ts";

/**
 * `copy`: the target is filled, proved and kept in step. `sync`: and verified round after round, so that writers may be moved. `cutover`: writers are moved
 * to the target, the sync goes the way back. `reverse`: they stay there. `retired`: the sync is drained and ended.
 */
export type Phase = "copy" | "sync" | "cutover" | "reverse" | "retired";

type CutOverInput = NonNullable<SyncInput["cutOver"]>;

export interface ReplicatedTableArgs {
  /** A table that is there, by its name or as a `Table`. */
  readonly source: TableOfInstance | Table;
  /** `table`: what it is made with (named as the source's table is, unless `tableName` says otherwise), or the name of one that is there. */
  readonly target: { readonly instance: Instance; readonly table: pulumi.Input<string> | Omit<TableArgs, "instance"> } | Table;
  /** One merged change a phase; changed back, writers go back. Plain, since it decides what there is. */
  readonly phase: Phase;
  /** As a `SyncJob`'s; used by copy, sync and verification alike. */
  readonly mapping?: SyncJobArgs["mapping"];
  /** Needed where `mapping` changes rows: the way from target to source. */
  readonly backMapping?: Inputs<NonNullable<CutOverInput["backMapping"]>> | undefined;
  /** How the copy is proved; and where its certificate goes. */
  readonly verify?: Inputs<NonNullable<SyncInput["verify"]>> | undefined;
  /** How the sync runs: `runner`, limits and the like. */
  readonly sync?: Omit<SyncJobArgs, "source" | "target" | "mapping" | "jobName" | "verify" | "cutOver" | "range" | "filter"> | undefined;
  /** How writers are moved, and on what conditions. */
  readonly cutOver?: Inputs<Omit<CutOverInput, "backMapping">> | undefined;
  /** As a `Cutover`'s. */
  readonly waitSeconds?: pulumi.Input<number> | undefined;
  /** `retired` and `pulumi destroy` leave the side that is not written closed. Default false: both sides take writes again. */
  readonly keepClosed?: pulumi.Input<boolean> | undefined;
  /** Names the state and the tunnels. Default: the resource's name; keep it when the resource is renamed. */
  readonly jobName?: pulumi.Input<string> | undefined;
}

export interface TableOfInstance {
  readonly instance: Instance;
  readonly table: pulumi.Input<string>;
}

/** Every row is verified once in so many seconds, unless `sync.continuous` says otherwise. */
const everySeconds = 3600;
/** Rounds in which rows may settle that are written while the copy is proved: the source is in use. */
const settlingRounds = 20;

/**
 * A table that moves to another place while it is used: copied, proved, kept in step, cut over, and led back if need be, each by a merged change of
 * `phase`. Writers need not know of any of it: the side they shall not write refuses them (docs/cut-over.md).
 *
 * @example
 * const orders = new ReplicatedTable("orders", {
 *   source: { instance: legacy, table: "orders" },
 *   target: { instance: modern, table: { primaryKey: [{ name: "customer", type: "string" }] } },
 *   phase: "sync",
 * });
 * export const certificate = orders.verification.certificate;
 */
export class ReplicatedTable extends pulumi.ComponentResource {
  declare readonly phase: Phase;
  /** Proof of the copy, made once and again when the mapping changes. */
  declare readonly verification: Verification;
  declare readonly cutover: Cutover;
  /** Undefined once it is retired. */
  declare readonly sync: SyncJob | undefined;
  /** Where writers write. */
  declare readonly writers: pulumi.Output<"source" | "target">;
  /** How far behind the other side was at the end of the last `up`. */
  declare readonly lagSeconds: pulumi.Output<number | null>;
  /** Of the last move of writers: for how long neither side took writes. */
  declare readonly fenceSeconds: pulumi.Output<number | null>;

  constructor(name: string, args: ReplicatedTableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tableferry:index:ReplicatedTable", name, { phase: args.phase }, opts);
    const { mapping, verify, phase, waitSeconds, keepClosed, jobName = name } = args;
    const parent = { parent: this };
    refuseUnfenced(name, args);
    const sides = { source: sourceOf(args), target: targetOf(name, args, parent) };
    const declared = syncArgs(args, sides, jobName);
    this.phase = phase;
    this.sync = phase === "retired" ? undefined : new SyncJob(`${name}-sync`, declared, parent);
    this.verification = new Verification(
      `${name}-proof`,
      {
        ...sides,
        ...{ mapping, quiescent: false, jobName: pulumi.interpolate`${jobName}.proof` },
        verify: pulumi.output(verify).apply((rules) => ({ rounds: settlingRounds, ...rules })),
      },
      { ...parent, ...(this.sync === undefined ? {} : { dependsOn: this.sync }) },
    );
    this.cutover = new Cutover(
      `${name}-writers`,
      {
        sync: this.sync ?? { declared: declaredSync(declared, jobName) },
        writers: phase === "copy" || phase === "sync" ? "source" : "target",
        ...{ phase, waitSeconds, keepClosed },
      },
      { ...parent, dependsOn: this.verification },
    );
    this.writers = this.cutover.writers;
    this.fenceSeconds = this.cutover.fenceSeconds;
    this.lagSeconds = this.sync?.behindSeconds ?? pulumi.output(null);
    const { writers, fenceSeconds, lagSeconds } = this;
    this.registerOutputs({ phase, writers, lagSeconds, fenceSeconds, certificate: this.verification.certificate });
  }
}

function sourceOf({ source }: ReplicatedTableArgs): Side {
  return source instanceof Table ? source : tablePlace(source.instance, source.table);
}

function targetOf(name: string, { source, target }: ReplicatedTableArgs, parent: pulumi.ComponentResourceOptions): Side {
  if (target instanceof Table) return target;
  const { instance, table } = target;
  if (!isDeclared(table)) return tablePlace(instance, table);
  return new Table(name, { tableName: source instanceof Table ? source.tableName : source.table, ...table, instance }, parent);
}

function isDeclared(table: pulumi.Input<string> | Omit<TableArgs, "instance">): table is Omit<TableArgs, "instance"> {
  return typeof table === "object" && "primaryKey" in table;
}

function syncArgs(
  { mapping, backMapping, verify, cutOver, sync = {}, phase }: ReplicatedTableArgs,
  sides: { readonly source: Side; readonly target: Side },
  jobName: pulumi.Input<string>,
): SyncJobArgs {
  const { continuous = { everySeconds }, ...rest } = sync;
  return {
    ...rest,
    ...sides,
    ...{ mapping, verify, jobName },
    continuous: phase === "copy" ? undefined : continuous,
    cutOver: pulumi.output(cutOver).apply((rules) => ({ ...rules, ...(backMapping === undefined ? {} : { backMapping }) })),
  };
}

/** In the cloud no policy of ours keeps writers out: better said before a table is copied than when writers are to be moved. */
function refuseUnfenced(name: string, { source, target, cutOver }: ReplicatedTableArgs): void {
  const inCloud = source.instance.home === "cloud" || target.instance.home === "cloud";
  const known = cutOver === undefined || (!pulumi.Output.isInstance(cutOver) && !(cutOver instanceof Promise));
  if (!inCloud || !known || (cutOver !== undefined && "fence" in cutOver)) return;
  throw new pulumi.RunError(
    `TF_SPEC_INVALID: ${name}: in the cloud, say what keeps writers from a side: cutOver: { fence: { close: ["./fence.sh", "close"], open: ["./fence.sh", "open"] } } (docs/cut-over.md)`,
  );
}
