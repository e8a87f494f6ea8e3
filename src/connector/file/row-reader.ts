import type { FlowRow } from "../../job/mapping.ts";

/** Makes a row of a record's text. @throws RowRefused where the record is no row. */
export interface RowReader {
  /** `quoted`: the record may hold quotes (CSV). */
  read(text: string, quoted: boolean): FlowRow;
}
