import { systemClock } from "../../../src/base/clock.ts";
import { arrived, inStep, lags, put } from "./lag.ts";
import type { SyncBench } from "./sync-bench.ts";

/** Kills one of two workers under steady writes: the worst lag is how long its channels were without anybody. */
export async function takeOver(bench: SyncBench): Promise<string> {
  const name = "take_over";
  const { running, client, spec } = await inStep(bench, name, 2);
  await bench.until(spec, 60, ({ workers, channels }) => workers.filter((one) => one.channels > 0).length === 2 && channels.length === 8);
  const end = new AbortController();
  let sent = 0;
  const writing = (async () => {
    while (!end.signal.aborted) {
      await put(
        client,
        name,
        Array.from({ length: 8 }, () => sent++),
      );
      await systemClock.sleep(100);
    }
  })();
  await systemClock.sleep(2000);
  await bench.stop(running[0]!, "SIGKILL");
  await systemClock.sleep((spec.sessionSeconds + 15) * 1000);
  end.abort();
  await writing;
  await arrived(bench, name, sent);
  await bench.stop(running[1]!);
  await client.close();
  const worst = (await lags(bench, name)).at(-1)! / 1000;
  return `take-over after SIGKILL, session time-out ${spec.sessionSeconds} s: worst lag of ${sent} changes ${worst.toFixed(1)} s`;
}
