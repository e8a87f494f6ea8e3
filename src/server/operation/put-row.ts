import { putRow } from "../../wire/operation/put-row.ts";
import { answering } from "../call-context.ts";
import { writeSingle } from "../write-single.ts";

export const answerPutRow = answering(putRow, (request, context) => writeSingle("put", request, context));
