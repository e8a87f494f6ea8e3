import { updateRow } from "../../wire/operation/update-row.ts";
import { answering } from "../call-context.ts";
import { writeSingle } from "../write-single.ts";

export const answerUpdateRow = answering(updateRow, (request, context) => writeSingle("update", request, context));
