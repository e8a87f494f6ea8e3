import type { Batch, Canonicalizer, Position, ScanScope, Source, Split } from "../connector/connector.ts";
import type { CompiledMapping } from "../job/mapping.ts";

/** How far one split has been read. */
export interface SplitProgress {
  readonly split: Split;
  position: Position | undefined;
  done: boolean;
}

/** One pass over one side. */
export interface SidePass {
  readonly side: Source;
  readonly scope: ScanScope;
  /** On the source side: rows are taken through it. */
  readonly mapping: CompiledMapping | undefined;
  readonly splits: readonly SplitProgress[];
  /** Takes a batch in, without waiting: in one step with the split's position, so that a checkpoint sees both or neither. */
  fold(batch: Batch, canonicalizer: Canonicalizer): void;
  /** What has to be waited for before `fold` is called with the same batch. */
  prepare?(batch: Batch, canonicalizer: Canonicalizer, signal: AbortSignal): Promise<void>;
}

export interface ReadOptions {
  /** Splits read at once over all passes; at least one a pass is read, so that both sides advance together. */
  readonly workers: number;
  readonly throttle: Throttle | undefined;
  readonly signal: AbortSignal;
  /** Called after each batch is folded in and its position noted. */
  readonly onBatch: (batch: Batch) => void;
}

/** Waits until more may be read after `rows` and `bytes`. */
export interface Throttle {
  take(rows: number, bytes: number, signal: AbortSignal): Promise<void>;
}

/**
 * Reads what is left of every split, both sides in turn, by a fixed number of workers; a worker that has come to the end of one
 * side goes on with the other. Memory is one batch a worker (and what the connector reads ahead). The first failure stops all
 * and is thrown, after every worker has come to rest.
 */
export async function readSplits(passes: readonly SidePass[], { workers, throttle, signal, onBatch }: ReadOptions): Promise<void> {
  const stop = new AbortController();
  const together = AbortSignal.any([signal, stop.signal]);
  const queue = inTurn(passes);
  let failure: { readonly error: unknown } | undefined;
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { pass, progress } = next;
      const canonicalizer = pass.side.canonicalizer(pass.mapping, pass.scope);
      for await (const batch of pass.side.scan(progress.split, progress.position, pass.scope, together)) {
        together.throwIfAborted();
        await pass.prepare?.(batch, canonicalizer, together);
        pass.fold(batch, canonicalizer);
        progress.position = batch.position;
        onBatch(batch);
        // Behind the work: by then a table's batch has been walked, and counting its rows costs nothing more.
        await throttle?.take(batch.rows, batch.bytes, together);
      }
      together.throwIfAborted();
      progress.done = true;
    }
  };
  const guarded = async () => {
    try {
      await work();
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    }
  };
  await Promise.all(Array.from({ length: Math.max(workers, passes.length) }, guarded));
  if (failure !== undefined) throw failure.error;
}

/** Splits that are not done, one of each side in turn. */
function inTurn(passes: readonly SidePass[]): { readonly pass: SidePass; readonly progress: SplitProgress }[] {
  const left = passes.map((pass) => pass.splits.filter(({ done }) => !done).map((progress) => ({ pass, progress })));
  const longest = Math.max(0, ...left.map((splits) => splits.length));
  return Array.from({ length: longest }, (_, i) => left.flatMap((splits) => (i < splits.length ? [splits[i]!] : []))).flat();
}

/** A pass from the beginning over the same pieces. */
export function freshSplits(splits: readonly SplitProgress[]): SplitProgress[] {
  return splits.map(({ split }) => ({ split, position: undefined, done: false }));
}
