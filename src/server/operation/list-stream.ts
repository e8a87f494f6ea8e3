import { listStream } from "../../wire/operation/list-stream.ts";
import { answering } from "../call-context.ts";

/** The streams that are on. An empty table name asks for those of all tables, as none does. */
export const answerListStream = answering(listStream, ({ tableName = "" }, { store, instance }) => ({
  streams: store.streams.list(instance, tableName === "" ? undefined : tableName).map(({ id, table, createdAt }) => ({
    streamId: id,
    tableName: table.name,
    creationTime: createdAt,
  })),
}));
