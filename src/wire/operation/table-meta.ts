import type { DefinedColumn, IndexSchema, KeySchema, TableOptions } from "../../model/schema.ts";

export interface TableMeta {
  readonly tableName: string;
  readonly key: readonly KeySchema[];
  readonly definedColumns: readonly DefinedColumn[];
}

/** The options present in a request; absent ones take the default (create) or stay (update). */
export type TableOptionsPatch = { readonly [Option in keyof TableOptions]?: TableOptions[Option] | undefined };

/** An index as the wire describes it; its update mode follows from its type (local: sync, global: async). */
export interface IndexMeta extends IndexSchema {
  readonly syncPhase?: "invalid" | "full" | "incremental" | undefined;
}

export interface ReservedDetails {
  readonly read: number;
  readonly write: number;
  /** Seconds since 1970. */
  readonly lastIncreaseTime: number;
  readonly lastDecreaseTime?: number | undefined;
}

/** A stream as described; everything but `enabled` and `originColumns` is absent while it is off. */
export interface StreamDetails {
  readonly enabled: boolean;
  readonly streamId?: string | undefined;
  readonly expirationHours?: number | undefined;
  /** Microseconds since 1970. */
  readonly lastEnableTime?: number | undefined;
  readonly originColumns: readonly string[];
}

export interface Encryption {
  readonly enabled: boolean;
  readonly keyType?: "kmsService" | "byok" | undefined;
  readonly keyId?: Uint8Array | undefined;
  readonly roleArn?: Uint8Array | undefined;
}
