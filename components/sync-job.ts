import * as pulumi from "@pulumi/pulumi";
import type { EndpointInput, SyncInput } from "../src/index.ts";
import { ByText, urnOf, type Inputs } from "./by-text.ts";
import type { JobArgs } from "./job-args.ts";
import { incarnationOf, placeOf } from "./place.ts";
import { stopAtInterrupt } from "./stop-at-interrupt.ts";
import { Tunnel } from "./tunnel.ts";

/** Where workers run. */
export interface Runner {
  /** Processes of the machine that `pulumi up` runs on; they outlive it. */
  readonly local: { /** Default 1. They share the tunnel's channels. */ readonly workers?: number | undefined };
}

/** Fields that a job file of kind `sync` has too mean the same here (docs/replication.md). */
export interface SyncJobArgs extends Pick<
  JobArgs,
  "source" | "target" | "mapping" | "range" | "filter" | "versions" | "limits" | "state" | "rejects"
> {
  /** Names the job's state and its tunnel. Default: the resource's name when it was first made; a renamed resource keeps it. */
  readonly jobName?: pulumi.Input<string> | undefined;
  readonly verify?: Inputs<NonNullable<SyncInput["verify"]>> | undefined;
  /** How the target comes to what is there already: `copy` (default), `base-data` through the tunnel, `none`. */
  readonly initial?: pulumi.Input<"copy" | "base-data" | "none"> | undefined;
  readonly start?: pulumi.Input<string> | undefined;
  readonly onTargetNotEmpty?: pulumi.Input<"refuse" | "merge" | "mirror"> | undefined;
  /** A `Tunnel`, or the name of one on the source's table; made when missing. Default: `tableferry_` and the job's name. */
  readonly tunnel?: Tunnel | pulumi.Input<string> | undefined;
  readonly retentionHours?: pulumi.Input<number> | undefined;
  readonly warnHours?: pulumi.Input<number> | undefined;
  readonly sessionSeconds?: pulumi.Input<number> | undefined;
  readonly checkpointSeconds?: pulumi.Input<number> | undefined;
  /** Behind by no more seconds than this, the target counts as in step, and `up` returns. Default 5. */
  readonly lagSeconds?: pulumi.Input<number> | undefined;
  /** When the mapping changes: `refuse` (default) fails the preview, `recopy` copies again over what is there, `fromNow` applies it to changes to come. */
  readonly onMappingChange?: pulumi.Input<"refuse" | "recopy" | "fromNow"> | undefined;
  readonly drift?: Inputs<NonNullable<SyncInput["drift"]>> | undefined;
  /** Verification that goes on while the sync runs. */
  readonly continuous?: Inputs<NonNullable<SyncInput["continuous"]>> | undefined;
  /** Changes go both ways, see docs/two-way.md. */
  readonly twoWay?: Inputs<NonNullable<SyncInput["twoWay"]>> | undefined;
  /** Says that writers will be moved to the target, and may be moved back: workers then follow whichever way is in force. */
  readonly cutOver?: Inputs<NonNullable<SyncInput["cutOver"]>> | undefined;
  readonly leaseSeconds?: pulumi.Input<number> | undefined;
  /** Default: one worker on this machine. */
  readonly runner?: Inputs<Runner> | undefined;
  /**
   * When source, target, part or tunnel change: `refuse` (default) fails the preview, `recopy` forgets what was done and begins anew; what then becomes of
   * rows that are there, `onTargetNotEmpty` says.
   */
  readonly onChange?: pulumi.Input<"refuse" | "recopy"> | undefined;
  /** Seconds after which `up` no longer waits until the target is in step, and `destroy` (60 unless given) until the workers are drained. The workers go on. */
  readonly timeoutSeconds?: pulumi.Input<number> | undefined;
  /** `pulumi destroy` deletes the tunnel. Default false: it stays, and the sync can go on where it ended. */
  readonly deleteTunnel?: pulumi.Input<boolean> | undefined;
  /** `pulumi destroy` deletes the job's state. Default false. */
  readonly forget?: pulumi.Input<boolean> | undefined;
}

/**
 * Keeps a table in step with another one: copies it, then applies its changes as they come. `pulumi up` starts the workers, waits until the target is in step
 * and returns; the workers go on. The next `up` starts those again that have died.
 *
 * @example
 * const follow = new SyncJob("orders", { source: legacyOrders, target: orders, runner: { local: { workers: 2 } } });
 */
export class SyncJob extends ByText implements Declared {
  /** What its job file says; a `Cutover` takes it from here. */
  declare readonly declared: pulumi.Output<object>;
  /** The target, as a side of a job that is to wait for this one. */
  declare readonly target: pulumi.Output<EndpointInput>;
  /** Identifies the job: a hash over what is synchronised, from where to where, and the mapping. */
  declare readonly jobId: pulumi.Output<string>;
  declare readonly jobName: pulumi.Output<string>;
  /** The job's file, relative to the folder of Pulumi.yaml: what `tableferry sync status` and its like take. */
  declare readonly jobFile: pulumi.Output<string>;
  /** How the last `up` left it: `in step`, or `paused`. */
  declare readonly phase: pulumi.Output<string>;
  /** How far behind the target was at the end of the last `up`; null: not known. (`lagSeconds` is the limit that was declared.) */
  declare readonly behindSeconds: pulumi.Output<number | null>;
  /** Rows of the first copy. */
  declare readonly copiedRows: pulumi.Output<number>;
  /** Changes read up to the end of the last `up`. */
  declare readonly changes: pulumi.Output<number>;
  /** Keys whose changes are put aside. */
  declare readonly parked: pulumi.Output<number>;
  /** Workers that ran when the last `up` or `refresh` looked. */
  declare readonly workers: pulumi.Output<number>;
  declare readonly mappingHash: pulumi.Output<string>;
  declare readonly tunnelId: pulumi.Output<string>;
  declare readonly tunnelName: pulumi.Output<string>;

  constructor(name: string, args: SyncJobArgs, opts: pulumi.CustomResourceOptions = {}) {
    const { source, target, tunnel, ...rest } = args;
    const sides = { source: placeOf(source), target: placeOf(target), tunnel: nameOf(tunnel) };
    const incarnations = { sourceIncarnation: incarnationOf(source), targetIncarnation: incarnationOf(target) };
    // Ended before it is made anew: two under one name would be each other's workers.
    super("syncJob", name, { ...rest, ...sides, ...incarnations }, syncOutputs, { deleteBeforeReplace: true, ...opts });
    stopAtInterrupt(urnOf("syncJob", name, opts));
    this.declared = declaredSync(args, this.jobName);
  }
}

/** A sync as it is declared, whether it runs or not. */
export interface Declared {
  readonly declared: pulumi.Output<object>;
}

/** The fields of a job file, without what only says how a resource runs it. */
export function declaredSync({ source, target, tunnel, ...args }: SyncJobArgs, jobName: pulumi.Input<string>): pulumi.Output<object> {
  const { runner: _runner, onChange: _change, timeoutSeconds: _seconds, deleteTunnel: _tunnel, forget: _forget, ...fields } = args;
  return pulumi.output({ ...fields, source: placeOf(source), target: placeOf(target), tunnel: nameOf(tunnel), jobName });
}

function nameOf(tunnel: SyncJobArgs["tunnel"]): pulumi.Input<string> | undefined {
  return tunnel instanceof Tunnel ? tunnel.tunnelName : tunnel;
}

const syncOutputs = [
  ...["jobId", "jobName", "jobFile", "phase", "behindSeconds", "copiedRows", "changes", "parked", "workers", "mappingHash"],
  ...["tunnelId", "tunnelName"],
];
