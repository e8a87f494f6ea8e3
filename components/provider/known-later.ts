import { library } from "./library.ts";

/**
 * The line of a preview for what cannot be planned before the update has made what it needs: the keys that are made with a store, an instance on a store
 * that runs. @throws anything else: it is wrong already now
 */
export async function knownLater(error: unknown): Promise<readonly string[]> {
  const { hasCode } = await library();
  if (hasCode(error, "TF_CREDENTIALS_MISSING")) return [`the plan is known once its credentials are there: ${error.sentence}`];
  if (error instanceof Error && "code" in error && error.code === "OTSAuthFailed" && /instance is not found/i.test(error.message))
    return ["the plan is known once its instances are there"];
  throw error;
}
