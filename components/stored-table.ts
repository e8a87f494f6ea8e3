import type * as pulumi from "@pulumi/pulumi";
import type { CredentialReference } from "../src/index.ts";
import { ByText, type Inputs } from "./by-text.ts";

export interface StoredTableArgs {
  readonly endpoint: pulumi.Input<string>;
  readonly instanceName: pulumi.Input<string>;
  readonly credentials: pulumi.Input<CredentialReference>;
  readonly storeId: pulumi.Input<string | undefined>;
  readonly tableName: pulumi.Input<string> | undefined;
  readonly primaryKey: Inputs<readonly { readonly name: string; readonly type: "string" | "integer" | "binary" }[]>;
  readonly timeToLiveSeconds: pulumi.Input<number> | undefined;
  readonly maxVersions: pulumi.Input<number> | undefined;
  readonly maxDeviationSeconds: pulumi.Input<number> | undefined;
  readonly adopt: pulumi.Input<boolean> | undefined;
  readonly deleteData: pulumi.Input<boolean> | undefined;
}

/** A table made through the data plane, as the component `Table` makes it on embedded stores. */
export class StoredTable extends ByText {
  declare readonly tableName: pulumi.Output<string>;
  declare readonly incarnation: pulumi.Output<string>;

  constructor(name: string, args: StoredTableArgs, opts: pulumi.CustomResourceOptions, thing: string) {
    super("table", name, args, ["tableName", "incarnation"], opts, thing);
  }
}
