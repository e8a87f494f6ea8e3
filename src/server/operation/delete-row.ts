import { deleteRow } from "../../wire/operation/delete-row.ts";
import { answering } from "../call-context.ts";
import { writeSingle } from "../write-single.ts";

export const answerDeleteRow = answering(deleteRow, (request, context) => writeSingle("delete", request, context));
