/** Capacity units: consumed by a call, or reserved for a table. Both numbers are always on the wire (reference B.3). */
export interface Capacity {
  readonly read: number;
  readonly write: number;
}
