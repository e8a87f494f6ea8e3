import { hasCode, TableferryError } from "../../base/error.ts";
import { isRetryableCode } from "../../client/retry.ts";
import { isTransient } from "../../pipeline/transient.ts";
import { ServiceError } from "../../wire/service-error.ts";

/**
 * What a failed call to the tunnel service means (reference 1.8, 5.6, 5.8):
 * `passing`: nothing is known of its effect, and calling again may help; `gone`: the client, or its hold on the channel; `expired`: changes that were
 * not read yet; `missing`: the tunnel; `refused`: anything else, which will not change by itself.
 */
export type Meaning = "passing" | "gone" | "expired" | "missing" | "refused";

export function meaningOf(error: unknown): Meaning {
  if (!(error instanceof ServiceError)) return isTransient(error) ? "passing" : "refused";
  const { code, text } = error;
  if (code === "OTSResourceGone") return "gone";
  // Trimmed data comes under the code of a busy server; under which one GetStreamRecord's text would come here is unverified.
  if (code === "OTSTunnelExpired" || `${code} ${text}`.includes("OTSTrimmedDataAccess")) return "expired";
  if (code === "OTSParameterInvalid" && /tunnel not exist/i.test(text)) return "missing";
  return code === "OTSTunnelServerUnavailable" || isTransient(error) || isRetryableCode(code, text) ? "passing" : "refused";
}

/** The error to show for one that ends a session or a channel; what has no code of ours stays the service's. */
export function codedError(error: unknown, tunnelId: string): unknown {
  switch (meaningOf(error)) {
    case "expired":
      return new TableferryError("TF_CHANGES_EXPIRED", {
        message: "changes expired before this tunnel's clients had read them",
        place: `tunnel ${tunnelId}`,
        cause: error,
      });
    case "missing":
      return missingTunnel(tunnelId, error);
    case "gone":
      return fenced(`tunnel ${tunnelId}`, "the tunnel service says that this client does not hold it any more", error);
    case "passing":
    case "refused":
      return error;
  }
}

export function missingTunnel(tunnel: string, cause: unknown): TableferryError {
  return new TableferryError("TF_TUNNEL_MISSING", { message: "there is no such tunnel", place: `tunnel ${tunnel}`, cause });
}

export function fenced(place: string, message: string, cause?: unknown): TableferryError {
  return new TableferryError("TF_FENCED", {
    message,
    place,
    wayOut:
      "Nothing was sent after that. Whoever holds the channel goes on from its checkpoint; a worker that runs takes its share again by itself.",
    cause,
  });
}

/** Nothing that this or another worker does makes it go away. */
export function endsSession(error: unknown): boolean {
  return hasCode(error, "TF_CHANGES_EXPIRED") || hasCode(error, "TF_TUNNEL_MISSING");
}

/** One line for notes. */
export function briefly(error: unknown): string {
  const text =
    error instanceof TableferryError ? `${error.code}: ${error.sentence}` : error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0]!;
}
