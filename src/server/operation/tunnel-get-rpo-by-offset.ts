import { tunnelGetRpoByOffset } from "../../wire/operation/tunnel-get-rpo-by-offset.ts";
import { answering } from "../call-context.ts";
import { rpoOf } from "../tunnel/rpo.ts";

/** What tells it from GetRpo is unknown; its messages are the same. */
export const answerTunnelGetRpoByOffset = answering(tunnelGetRpoByOffset, rpoOf);
