import type * as pulumi from "@pulumi/pulumi";
import { ByText } from "./by-text.ts";

export interface EmbeddedStoreArgs {
  /** Folder of the data, relative to the folder of Pulumi.yaml. One folder is one store; another folder is another store. */
  readonly dataDir: pulumi.Input<string>;
  /** Port on 127.0.0.1. Left out: one is chosen when the store is first planned, and kept. */
  readonly port?: pulumi.Input<number> | undefined;
  /** `pulumi destroy` leaves the server running. Default false: it is stopped; the data stays either way. */
  readonly keepRunning?: pulumi.Input<boolean> | undefined;
  /** `pulumi destroy` deletes the data too. Default false. */
  readonly deleteData?: pulumi.Input<boolean> | undefined;
}

/** Where an embedded store answers and where its keys are: what an `Instance` needs of it. An `EmbeddedStore` is one. */
export interface StoreReference {
  /** `http://host:port`. */
  readonly endpoint: pulumi.Input<string>;
  /** The JSON file with the access keys that `tableferry serve` keeps beside its data, relative to the folder of Pulumi.yaml. */
  readonly keysFile: pulumi.Input<string>;
  /** The store's own id; tells whether a store at the same address is still the same store. */
  readonly storeId?: pulumi.Input<string> | undefined;
}

/**
 * A Table Store on this machine: a server of its own that outlives `pulumi up`, with durable data in a folder.
 * `up` starts it again after a reboot. Access keys are made on the first start and never leave the keys file.
 *
 * @example
 * const store = new EmbeddedStore("laptop", { dataDir: ".tableferry/store" });
 */
export class EmbeddedStore extends ByText {
  declare readonly dataDir: pulumi.Output<string>;
  declare readonly port: pulumi.Output<number>;
  /** `http://127.0.0.1:port`, known from the first preview on. */
  declare readonly endpoint: pulumi.Output<string>;
  declare readonly keysFile: pulumi.Output<string>;
  /** 32 hex digits, made with the data folder. */
  declare readonly storeId: pulumi.Output<string>;
  /** What the last `up` or `refresh` found. */
  declare readonly status: pulumi.Output<"running" | "stopped">;

  constructor(name: string, args: EmbeddedStoreArgs, opts?: pulumi.CustomResourceOptions) {
    super("embeddedStore", name, args, ["port", "endpoint", "keysFile", "storeId", "status"], opts);
  }
}
