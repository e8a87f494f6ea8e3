/** The yardstick of the scan: the official Node SDK reading a whole table, fully decoded, pages of 5,000 rows. */
import { argument, reportMeasured } from "../measure.ts";
import { openSdk, sdkPages } from "./sdk-client.ts";

const client = openSdk(argument("instance"));
await reportMeasured(async () => {
  let rows = 0;
  for await (const page of sdkPages(client, argument("table"), argument("key").split(","))) rows += page.length;
  return rows;
});
