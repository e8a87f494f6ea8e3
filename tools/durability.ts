/**
 * `npm run durability [-- kills=50 seed=1]`: a durable server under write load is killed with SIGKILL, its log is cut back to the last completed flush as a power cut
 * would leave it (with a torn record or rubbish behind it in two cases of three), and every acknowledged write must be there, and no half batch. The same is
 * done to a server that acknowledges before it flushes, which must be caught.
 */
import { runCampaign } from "../test/process/support/durability-campaign.ts";
import { numberOption } from "./options.ts";

const kills = numberOption("kills", 50);
const seed = numberOption("seed", 1);
const durable = await runCampaign({
  kills,
  seed,
  mode: "durable",
  onKill: (kill, { lost, torn }) => console.log(`kill ${kill} of ${kills}: ${lost} lost, ${torn} torn`),
});
console.log(
  `durable, ${kills} kills, seed ${seed}: ${durable.acknowledged} batches written, ${durable.cutBytes} bytes cut from logs, ${durable.lost} lost, ${durable.torn} torn`,
);
const unsynced = await runCampaign({ kills, seed, mode: "unsynced" });
console.log(`unsynced: ${unsynced.lost} lost, ${unsynced.torn} torn, which must not be 0`);
process.exitCode = durable.lost + durable.torn === 0 && unsynced.lost > 0 ? 0 : 1;
