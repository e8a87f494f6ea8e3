import { resolve } from "node:path";
import type { Clock, StoreAdmin, StorePing } from "../../src/index.ts";
import type { Surroundings } from "./handlers.ts";
import { library } from "./library.ts";

/** Where a store answers and where its keys are. */
export interface StorePlace {
  readonly endpoint: string;
  /** Relative to the project's folder. */
  readonly keysFile: string;
}

const POLL_MS = 50;

/** How long a server may take to answer its first ping: one that was killed reads its log first. */
const START_MS = 30_000;

/** How long a server may take to finish what is under way and close its store. */
const STOP_MS = 30_000;

/** Opens the store's administration for one task. @throws TF_CREDENTIALS_MISSING without its keys */
export async function withAdmin<Result>(
  place: StorePlace,
  { folder, env }: Surroundings,
  use: (admin: StoreAdmin) => Promise<Result>,
  patienceMs = 2_000,
): Promise<Result> {
  const { resolveCredentials, StoreAdmin } = await library();
  const admin = new StoreAdmin(
    place.endpoint,
    await resolveCredentials({ file: resolve(folder, place.keysFile) }, folder, env),
    patienceMs,
  );
  try {
    return await use(admin);
  } finally {
    await admin.close();
  }
}

/** Who answers there with the store's keys; undefined when nobody does, or somebody who does not know them. Alive is who can sign, not a pid. */
export async function pingStore(place: StorePlace, surroundings: Surroundings): Promise<StorePing | undefined> {
  try {
    return await withAdmin(place, surroundings, (admin) => admin.ping(), 0);
  } catch (error) {
    // Whatever has a code says why there is no answer; anything else is a fault of ours.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** Waits until the store answers; undefined when it never does, or has given up. */
export async function waitForStore(
  place: StorePlace,
  surroundings: Surroundings,
  clock: Clock,
  givenUp: () => boolean,
): Promise<StorePing | undefined> {
  const end = clock.monotonic() + START_MS;
  while (clock.monotonic() < end) {
    const answer = await pingStore(place, surroundings);
    if (answer !== undefined || givenUp()) return answer;
    await clock.sleep(POLL_MS);
  }
  return undefined;
}

/** Stops the store if it runs, and waits until its process is gone and its folder free. @throws TF_TIMEOUT */
export async function stopStore(place: StorePlace, storeId: string, surroundings: Surroundings): Promise<void> {
  const { systemClock: clock, TableferryError } = await library();
  const answer = await pingStore(place, surroundings);
  if (answer === undefined || answer.storeId !== storeId) return;
  await withAdmin(place, surroundings, (admin) => admin.shutdown());
  const end = clock.monotonic() + STOP_MS;
  while (isAlive(answer.pid)) {
    if (clock.monotonic() > end)
      throw new TableferryError("TF_TIMEOUT", {
        message: `the server, process ${String(answer.pid)}, does not stop`,
        place: place.endpoint,
      });
    await clock.sleep(POLL_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
