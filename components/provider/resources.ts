import { cutoverHandlers } from "./cutover.ts";
import { cutoverInputs } from "./cutover-inputs.ts";
import { dynamicProvider } from "./dynamic-provider.ts";
import { embeddedStoreHandlers, embeddedStoreInputs } from "./embedded-store.ts";
import { instanceHandlers, instanceInputs } from "./instance.ts";
import { jobInputNames } from "./job-inputs.ts";
import { migrationHandlers } from "./migration.ts";
import { syncInputNames } from "./sync-inputs.ts";
import { syncJobHandlers } from "./sync-job.ts";
import { tableHandlers, tableInputs } from "./table.ts";
import { tunnelHandlers, tunnelInputs } from "./tunnel.ts";
import { verificationHandlers } from "./verification.ts";

/** Every kind of resource, by the name that stands in the state. */
export const resources = {
  embeddedStore: dynamicProvider(embeddedStoreHandlers, embeddedStoreInputs),
  instance: dynamicProvider(instanceHandlers, instanceInputs),
  table: dynamicProvider(tableHandlers, tableInputs),
  migration: dynamicProvider(migrationHandlers, jobInputNames),
  syncJob: dynamicProvider(syncJobHandlers, syncInputNames),
  tunnel: dynamicProvider(tunnelHandlers, tunnelInputs),
  cutover: dynamicProvider(cutoverHandlers, cutoverInputs),
  verification: dynamicProvider(verificationHandlers, jobInputNames),
};
