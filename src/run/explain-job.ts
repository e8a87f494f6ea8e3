import type { JobContext } from "../job/context.ts";
import type { JobSpec } from "../job/job-spec.ts";
import { loadMapping } from "../job/load-mapping.ts";
import { jobSides } from "../pipeline/job-sides.ts";
import { peekRun } from "../migrate/run-state.ts";
import { CheckpointStore } from "../pipeline/checkpoint.ts";
import { RejectStore } from "../pipeline/rejects.ts";
import { explainKey, type Explanation } from "../verify/explain.ts";
import { closing } from "./closing.ts";
import { lookOnly } from "./look-only.ts";
import { openSource, openTarget } from "./open-endpoint.ts";
import { lookAtState, migrationState } from "./open-state.ts";

/**
 * All that is known of one row: source row, mapped row, target row and what differs, its split, and why it was rejected if it was.
 * @param key of either side: `customer=alice,order=17`, or the words of a command line
 * @throws TF_KEY_INVALID, and what opening and compiling throw
 */
export function explainJob(spec: JobSpec, key: string | readonly string[], context: JobContext): Promise<Explanation> {
  return closing(async (opened) => {
    const loaded = await loadMapping(spec.mapping, context.folder);
    const source = await openSource(spec, context, opened);
    const target = await openTarget(spec, context, lookOnly, opened);
    const state = await lookAtState(migrationState(spec), spec, context, opened);
    const [sourceNow, targetNow] = await Promise.all([source.describe(context.signal), target.describe(context.signal)]);
    const { mapping, scope, jobHash } = jobSides(spec, loaded, sourceNow, targetNow);
    const record = await peekRun(state, spec.name);
    const mine = record?.jobHash === jobHash ? record : undefined;
    const store = mine === undefined ? undefined : new CheckpointStore(state, spec.name, mine.generation);
    return explainKey({
      key,
      source,
      target: opened.add(target.reader(mapping.targetKey)),
      mapping,
      scope,
      splits: await store?.readSplits(mine?.splitPieces ?? 0),
      rejects:
        mine === undefined || store === undefined ? undefined : new RejectStore(state, spec.name, mine.generation).read(await store.read()),
      maskWith: spec.verify.maskValues ? context.chance.bytes(32) : undefined,
      signal: context.signal,
    });
  });
}
