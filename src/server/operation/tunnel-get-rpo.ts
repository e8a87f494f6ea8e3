import { tunnelGetRpo } from "../../wire/operation/tunnel-get-rpo.ts";
import { answering } from "../call-context.ts";
import { rpoOf } from "../tunnel/rpo.ts";

export const answerTunnelGetRpo = answering(tunnelGetRpo, rpoOf);
