import type { OperationName } from "../../wire/operation/operations.ts";

/** When a fault strikes, and what happens then. */
export interface FaultRule {
  /** Only these operations, by the names of their paths: `PutRow`, `tunnel/readrecords`. Absent: every one. Administration is never struck. */
  readonly operations?: readonly OperationName[] | undefined;
  /** Only requests to this instance. */
  readonly instance?: string | undefined;
  /** Only requests that name this table. Requests that name a stream or tunnel by its id name no table. */
  readonly table?: string | undefined;
  /** So many matching requests pass first; 0 unless told otherwise. */
  readonly skip?: number | undefined;
  /** Strikes at most so often; absent: until the rules are cleared. */
  readonly times?: number | undefined;
  /** Of the requests that match, from 0 to 1; 1 unless told otherwise. */
  readonly probability?: number | undefined;
  readonly effect: FaultEffect;
}

/** What befalls a request. */
export type FaultEffect = ErrorFault | ThrottleFault | DelayFault | LossFault | RowFault;

/** Refused before anything is applied. */
export interface ErrorFault {
  readonly type: "error";
  /** Any code of the service, e.g. `OTSServerBusy`. */
  readonly code: string;
  /** HTTP status and text; may be left out for the codes of the reference, which have their own. */
  readonly status?: number | undefined;
  readonly text?: string | undefined;
}

/** What comes on top of a rate is refused before anything is applied. */
export interface ThrottleFault {
  readonly type: "throttle";
  /** Matching requests let through in each second of the store's clock. */
  readonly perSecond: number;
  /** `OTSFlowControl` unless told otherwise. */
  readonly code?: string | undefined;
}

/** Held back this long by the store's clock, then handled. A caller that gives up meanwhile has its request applied later, as over a network. */
export interface DelayFault {
  readonly type: "delay";
  readonly ms: number;
}

/** The connection is cut and there is no answer: in process the call is rejected with TF_CONNECTION. */
export interface LossFault {
  /**
   * `cutRequest`: nothing was applied. `dropReply`: what was asked for was done, and the client hears nothing of it. `cutReply`: the same, but half of the
   * reply arrives.
   */
  readonly type: "cutRequest" | "dropReply" | "cutReply";
}

/** Some rows of a BatchWriteRow or BatchGetRow answer an error in their place and are not applied; an atomic batch fails whole. */
export interface RowFault {
  readonly type: "failRows";
  /** Which rows, counted from 0 through all tables of the request. */
  readonly rows?: readonly number[] | undefined;
  /** In place of `rows`: each with this probability, and at least one; 0.5 unless told otherwise. */
  readonly share?: number | undefined;
  /** `OTSServerBusy` unless told otherwise. */
  readonly code?: string | undefined;
  readonly text?: string | undefined;
}
