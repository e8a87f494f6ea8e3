import { flag } from "./fields.ts";
import type { Properties, Subject } from "./handlers.ts";
import { secondsOf } from "./job-run.ts";
import { library } from "./library.ts";
import { duration } from "./live-progress.ts";
import { DRAIN_SECONDS, drainSync, stateEndpoint } from "./sync-drain.ts";
import { orderOf, type SyncOrder } from "./sync-order.ts";
import { stopAll } from "./sync-workers.ts";
import { livingWorkers, removeJobFile } from "./worker-processes.ts";

/** Drains and stops the workers. Rows stay, and so do tunnel and state unless asked for by name. */
export async function endSync(properties: Properties, subject: Subject): Promise<void> {
  const order = await orderOf(properties, subject);
  const { spec, context, at } = order;
  const within = secondsOf(properties, "timeoutSeconds") ?? DRAIN_SECONDS;
  await drain(order, within);
  await stopAll(order);
  removeJobFile(at);
  const { deleteTableTunnel, forgetSync, tunnelNameOf, wayOf } = await library();
  const tunnel = tunnelNameOf(spec);
  const [withoutTunnel, forgotten] = [flag(properties, "deleteTunnel"), flag(properties, "forget")];
  const ways = spec.cutOver === undefined ? [spec] : [spec, wayOf(spec, "back")];
  if (withoutTunnel) for (const way of ways) await deleteTableTunnel({ ...way.source, tunnel: tunnelNameOf(way) }, context);
  if (forgotten) await forgetSync(spec, context);
  await subject.engine.say(subject.urn, whatStays({ tunnel, withoutTunnel, forgotten }));
}

interface Gone {
  readonly tunnel: string;
  readonly withoutTunnel: boolean;
  readonly forgotten: boolean;
}

function whatStays({ tunnel, withoutTunnel, forgotten }: Gone): string {
  const kept = [
    "the rows on both sides",
    ...(withoutTunnel ? [] : [`tunnel ${tunnel} (deleteTunnel: true would delete it)`]),
    ...(forgotten ? [] : ["the state (forget: true would delete it)"]),
  ];
  const stay = `${kept.length === 1 ? kept[0]! : `${kept.slice(0, -1).join(", ")} and ${kept.at(-1)!}`} stay`;
  if (withoutTunnel || forgotten) return stay;
  return `${stay}; declared again while the stream still keeps the changes, the sync goes on where it ended`;
}

/** Lets everything committed so far be applied. Not where nothing would come of it: no worker, a copy that is not finished, a pause, a store that does not answer. */
async function drain({ spec, context, at, subject }: SyncOrder, withinSeconds: number): Promise<void> {
  if ((await livingWorkers(at)).length === 0) return;
  const ended = async () => (await livingWorkers(at)).length === 0;
  const end = await drainSync({ spec, context, subject, withinSeconds, why: "its resource is deleted", ended });
  const { urn, engine } = subject;
  if (end === "unreachable") return engine.warn(urn, `${stateEndpoint(spec)} does not answer: the workers are stopped, not drained`);
  if (end === "paused") return engine.say(urn, "the sync is paused, so its workers are stopped, not drained");
  if (end === "late")
    return engine.warn(
      urn,
      `not drained within ${duration(withinSeconds)}: the workers are stopped, what they have not applied stays in the stream`,
    );
}
