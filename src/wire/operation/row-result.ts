import type { Capacity } from "./capacity.ts";

/** The service's refusal of one row of a batch: its code and text, as in an error body. */
export interface RowError {
  readonly code: string;
  readonly text: string;
}

/**
 * Outcome of one row of a batch, in request order (reference 1.9). `row` is a PlainBuffer: of a read that found nothing
 * it is present and empty, of a write it is there only when return content was asked for.
 */
export type RowResult =
  | { readonly ok: true; readonly consumed: Capacity; readonly row?: Uint8Array | undefined; readonly nextToken?: Uint8Array | undefined }
  | { readonly ok: false; readonly error: RowError; readonly consumed?: Capacity | undefined };

export interface TableResults {
  readonly tableName: string;
  readonly rows: readonly RowResult[];
}
