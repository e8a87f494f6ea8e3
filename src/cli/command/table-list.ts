import { exitCodes } from "../exit-code.ts";
import type { Command } from "../invocation.ts";
import { withStore } from "../table/open-store.ts";

export const tableList: Command = {
  run: (invocation) =>
    withStore(invocation, async (client) => {
      const tables = await client.listTable();
      await invocation.reply({ instance: client.instance, tables }, () => tables);
      if (tables.length === 0)
        invocation.note(
          `The instance ${client.instance} has no tables. \`${invocation.self} table create NAME --key id:string\` makes one.`,
        );
      return exitCodes.ok;
    }),
};
