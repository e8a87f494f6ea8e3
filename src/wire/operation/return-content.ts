/** What a write answers besides its cost. `columns` may only be named for `afterModify` (reference 7.4). */
export interface ReturnContent {
  readonly type: "none" | "key" | "afterModify";
  readonly columns: readonly string[];
}
