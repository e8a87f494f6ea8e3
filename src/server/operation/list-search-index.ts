import { listSearchIndex } from "../../wire/operation/list-search-index.ts";
import { answering } from "../call-context.ts";

/** Clients ask on the way to other things; there are none. */
export const answerListSearchIndex = answering(listSearchIndex, () => ({ indexes: [] }));
