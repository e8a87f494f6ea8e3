import { defaultAttributes, type InstanceAttributes } from "../model/instance.ts";

/** What is kept of an instance beside its tables. */
export interface InstanceRecord {
  /** Microseconds since 1970. */
  readonly createdAt: number;
  /** Kept for whoever asks who may do what; what stands in it is not looked at here. */
  readonly policy?: string | undefined;
  /** How often the policy was set or removed; absent: never. */
  readonly policyVersion?: number | undefined;
  /** Absent: the defaults. */
  readonly attributes?: InstanceAttributes | undefined;
}

/** What an instance may be made with. */
export type NewInstance = Pick<InstanceRecord, "policy" | "attributes">;

export function attributesOf({ attributes }: InstanceRecord): InstanceAttributes {
  return { ...defaultAttributes, ...attributes };
}
