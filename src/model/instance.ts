export const clusterTypes = ["SSD", "HYBRID"] as const;
export const networks = ["NORMAL", "VPC", "VPC_CONSOLE"] as const;
export const networkTypes = ["VPC", "CLASSIC", "INTERNET"] as const;
export const networkSources = ["TRUST_PROXY"] as const;

/** What the control plane says of an instance (reference 8.1). */
export interface InstanceAttributes {
  readonly clusterType: (typeof clusterTypes)[number];
  readonly description: string;
  readonly alias: string;
  /** Id of a resource group; empty where none was named. */
  readonly resourceGroup: string;
  readonly network: (typeof networks)[number];
  readonly networkTypes: readonly (typeof networkTypes)[number][];
  readonly networkSources: readonly (typeof networkSources)[number][];
  /** Keys and values, in the order they were given; no key twice. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Of an instance that was made without naming any, with the service's defaults: every network may reach it. */
export const defaultAttributes: InstanceAttributes = {
  clusterType: "SSD",
  description: "",
  alias: "",
  resourceGroup: "",
  network: "NORMAL",
  networkTypes,
  networkSources,
  tags: [],
};
