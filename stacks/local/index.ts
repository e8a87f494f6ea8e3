import { EmbeddedStore, Instance, Migration, Table } from "tableferry/pulumi";

const store = new EmbeddedStore("laptop", { dataDir: ".tableferry/store" });
const legacy = new Instance("legacy", { store });
const modern = new Instance("modern", { store });

const zipcodes = new Table("zipcodes", { instance: legacy, primaryKey: [{ name: "zip_code", type: "string" }] });
const places = new Table("places", {
  instance: modern,
  primaryKey: [
    { name: "state", type: "string" },
    { name: "county", type: "string" },
    { name: "zip", type: "string" },
  ],
});

// Each copy is verified, all rows, and certified. The second reads what the first has written, so it waits for it.
const load = new Migration("load", { source: { type: "file", path: "node_modules/vega-datasets/data/zipcodes.csv" }, target: zipcodes });
const move = new Migration("move", { source: load.target, target: places, mapping: "stacks/local/mappings/zipcodes.ts" });

export const certificate = move.certificate;
export const digest = move.digest;
