import { limits } from "../../model/limits.ts";
import { attributesOf, type InstanceRecord } from "../../store/instance-record.ts";

/** One account owns everything. */
const USER_ID = "0";

/**
 * An instance as getinstance and listinstances tell of it. Both names of the quota are in use (reference 8.1, and the service's documents).
 * @param region as the caller named it: instances are the same in all of them
 */
export function instanceAnswer(name: string, record: InstanceRecord, region: string): object {
  const attributes = attributesOf(record);
  const createdAt = secondsText(record.createdAt);
  return {
    InstanceName: name,
    AliasName: attributes.alias,
    InstanceDescription: attributes.description,
    InstanceStatus: "normal",
    InstanceSpecification: attributes.clusterType,
    StorageType: attributes.clusterType,
    PaymentType: "PayAsYouGo",
    RegionId: region,
    UserId: USER_ID,
    ResourceGroupId: attributes.resourceGroup,
    CreateTime: createdAt,
    // What the service means by it is not documented (unverified).
    Timestamp: createdAt,
    Network: attributes.network,
    NetworkTypeACL: attributes.networkTypes,
    NetworkSourceACL: attributes.networkSources,
    Policy: record.policy ?? "",
    PolicyVersion: record.policyVersion ?? 0,
    TableQuota: limits.tablesPerInstanceMax,
    Quota: { TableQuota: limits.tablesPerInstanceMax },
    Tags: attributes.tags.map(([Key, Value]) => ({ Key, Value })),
  };
}

/** `2019-12-23T07:24:33Z`. */
function secondsText(micros: number): string {
  return `${new Date(micros / 1000).toISOString().slice(0, 19)}Z`;
}
