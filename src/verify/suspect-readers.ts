import type { ScanScope } from "../connector/connector.ts";
import { rowTest } from "../connector/row-scope.ts";
import { ScanReader, SourceLookUpReader, TargetLookUpReader } from "./read-again.ts";
import type { ReadOptions, SplitProgress } from "./read-splits.ts";
import { RowForm } from "./row-form.ts";
import type { BothSides, SettleRules } from "./settle.ts";
import type { Sides } from "./sides.ts";
import { keyInverse } from "./source-key.ts";
import { maskedText, plainText } from "./value-text.ts";
import type { VerificationInput } from "./verification-input.ts";

/** What a side that cannot be asked by key is searched by. */
export interface SearchedParts {
  readonly sourceScope: ScanScope;
  readonly targetScope: ScanScope;
  readonly source: { readonly splits: readonly SplitProgress[] };
  readonly target: { readonly splits: readonly SplitProgress[] };
}

/** Who reads suspects again, and by which rules what they read is judged. */
export interface SuspectReaders {
  readonly readers: BothSides;
  readonly rules: SettleRules;
}

/** The horizon of expiry is renewed whenever the target has been waited for, so that what is compared is read under the same one. */
export function suspectReaders(
  input: VerificationInput,
  sides: Sides,
  parts: SearchedParts,
  options: Omit<ReadOptions, "signal">,
): SuspectReaders {
  const { verify, context, stream, scope } = input;
  const form = new RowForm(scope.versions, sides, () => context.clock.now());
  const awaitApplied = async (signal: AbortSignal) => {
    await stream?.awaitApplied(signal);
    form.renew();
  };
  const rules: SettleRules = {
    versions: scope.versions,
    show: verify.maskValues ? maskedText(context.chance.bytes(16)) : plainText,
    keyless: sides.key.length === 0,
    clock: context.clock,
    signal: context.signal,
    rounds: verify.rounds,
    roundSeconds: verify.roundSeconds,
    awaitApplied: stream === undefined ? undefined : awaitApplied,
    decisive: input.quiescent || stream !== undefined,
    bytes: input.limits.inFlightBytes,
    workers: options.workers,
  };
  return { readers: readersOf(input, sides, parts, form, options), rules };
}

function readersOf(
  input: VerificationInput,
  sides: Sides,
  parts: SearchedParts,
  form: RowForm,
  options: Omit<ReadOptions, "signal">,
): BothSides {
  const { source, target, mapping, rejects, parked } = input;
  const { coverage } = sides;
  const inPart = coverage.outsideIsAbsent ? rowTest(coverage.sourceScope, sides.source.key, sides.source.title) : undefined;
  const inverse = keyInverse(mapping, sides.source.key);
  const searched = { form, keyless: sides.key.length === 0, options };
  return {
    source: [
      new SourceLookUpReader({ side: source, mapping, inverse, inPart, form, parked }),
      new ScanReader({ ...searched, side: source, scope: parts.sourceScope, mapping, splits: parts.source.splits, rejects, parked }),
    ],
    target: [
      new TargetLookUpReader(target, form),
      new ScanReader({
        ...searched,
        side: target,
        scope: parts.targetScope,
        mapping: undefined,
        splits: parts.target.splits,
        rejects: undefined,
        parked: undefined,
      }),
    ],
  };
}
