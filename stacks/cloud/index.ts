import * as pulumi from "@pulumi/pulumi";
import { Instance, Migration, Table, Verification } from "tableferry/pulumi";

// Access keys are found at run time by Alibaba Cloud's own chain: environment, profile, RAM roles. None stands here or in the state.
const region = new pulumi.Config("alicloud").require("region");
const modern = new Instance("orders-modern", { region, description: "orders, one row an order of a customer" });

const orders = new Table("orders", {
  instance: modern,
  primaryKey: [
    { name: "customer", type: "string" },
    { name: "order", type: "integer" },
  ],
});

// The old table was not made by Pulumi, so it is named as in a job file.
const legacyOrders = {
  type: "table-store",
  endpoint: `https://orders-legacy.${region}.ots.aliyuncs.com`,
  instance: "orders-legacy",
  table: "orders",
  credentials: { chain: true },
} as const;

const move = new Migration("orders", {
  source: legacyOrders,
  target: orders,
  mapping: "mappings/orders.ts",
  limits: { rowsPerSecond: 20_000 },
  // The old table is written while it is copied: a fuzzy copy, and its certificate says so.
  quiescent: false,
  verify: { onMismatch: "report" },
});

// Once writers have stopped: change the trigger, and this proves that both sides are equal, or names what differs.
const proof = new Verification("orders-proof", {
  source: legacyOrders,
  target: move.target,
  mapping: "mappings/orders.ts",
  triggers: ["after the cut-over"],
});

export const certificate = proof.certificate;
export const digest = proof.targetDigest;
