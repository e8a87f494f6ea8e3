import * as pulumi from "@pulumi/pulumi";
import type { EndpointInput } from "../src/index.ts";
import type { Inputs } from "./by-text.ts";

/** Something that rows come from or go to: a `Table` is one. */
export interface Placed {
  /** As in a job file. */
  readonly place: pulumi.Output<EndpointInput>;
  /** Changes when the thing was deleted and made anew under the same name. */
  readonly incarnation?: pulumi.Output<string> | undefined;
}

/**
 * A side of a job: a `Table`, or an endpoint as in a job file (`{ type: "file", path: "orders.csv" }`), relative paths from the folder
 * of Pulumi.yaml. `migration.target` is one too, and then what reads it waits for that migration.
 */
export type Side = Placed | Inputs<EndpointInput>;

export function placeOf(side: Side): pulumi.Input<EndpointInput> {
  return isPlaced(side) ? side.place : (side as pulumi.Input<EndpointInput>);
}

export function incarnationOf(side: Side): pulumi.Output<string> | undefined {
  return isPlaced(side) ? side.incarnation : undefined;
}

function isPlaced(side: Side): side is Placed {
  return !pulumi.Output.isInstance(side) && !(side instanceof Promise) && "place" in side;
}
