import type { EngineLink } from "./engine-link.ts";

export type Properties = Readonly<Record<string, unknown>>;

/** Where a provider's call happens. */
export interface Surroundings {
  /** Absolute folder of Pulumi.yaml, from which relative paths resolve. */
  readonly folder: string;
  readonly engine: EngineLink;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the provider's process. */
  readonly leave: () => void;
}

/** One resource of the program. */
export interface Subject extends Surroundings {
  readonly urn: string;
}

export interface Failure {
  /** `source.path`; empty for the resource as a whole. */
  readonly property: string;
  readonly reason: string;
}

export interface Question {
  /** The inputs as the program gives them now. */
  readonly asked: Properties;
  /** The inputs of the last `up`; undefined for what is made anew. */
  readonly before: Properties | undefined;
  /** What the thing is called if the program does not say; stays the same when the resource is renamed. */
  readonly name: string;
}

export interface Answer {
  /** The inputs with what check chose; these are recorded, and known downstream in previews. */
  readonly inputs: Properties;
  readonly failures: readonly Failure[];
}

export interface Comparison {
  readonly id: string;
  /** Outputs of the last `up`, which echo the inputs. */
  readonly before: Properties;
  readonly now: Properties;
}

export interface Difference {
  readonly changes: boolean;
  /** Inputs that make it another thing. */
  readonly replaces?: readonly string[] | undefined;
}

export interface Made {
  readonly id: string;
  /** What is known of it beyond the inputs. */
  readonly outputs: Properties;
}

export interface Found {
  /** Outputs that differ from what was recorded. */
  readonly outputs: Properties;
  /** Inputs as they really are, where that differs. */
  readonly inputs?: Properties | undefined;
}

/**
 * What one kind of resource does, free of Pulumi's calling conventions: inputs and outputs come without internal keys, and results are
 * cleaned and completed by `dynamicProvider`, so that a provider of another make can host the same handlers.
 */
export interface Handlers {
  /** Must not wait for the network on a no-op. Values may be `UNKNOWN` in previews. */
  check(question: Question, subject: Subject): Promise<Answer>;
  /** Lines for the preview, the summary last. Asked for only when the inputs differ from those of the last `up`. */
  plan?(inputs: Properties, before: Properties | undefined, subject: Subject): Promise<readonly string[]>;
  diff(comparison: Comparison, subject: Subject): Promise<Difference>;
  /** Idempotent: after a killed engine it is called again. @throws PartialFailure to have what exists recorded */
  create(inputs: Properties, subject: Subject): Promise<Made>;
  /** @returns all outputs. @throws PartialFailure */
  update(comparison: Comparison, subject: Subject): Promise<Properties>;
  /** undefined: it is gone. */
  read(id: string, properties: Properties, subject: Subject): Promise<Found | undefined>;
  delete(id: string, properties: Properties, subject: Subject): Promise<void>;
}

/** The thing exists, but is not finished: Pulumi records it as it stands, fails this `up`, and updates it in the next one. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly outputs: Properties;

  constructor(id: string, outputs: Properties, cause: Error) {
    super(cause.message, { cause });
    this.name = "PartialFailure";
    this.id = id;
    this.outputs = outputs;
  }
}
