/**
 * `tableferry/provider`: what the one line of text in every stack's state loads, one export a kind of resource. The names stand in the
 * state, so they stay; each version must serve resources that older ones made. Nothing heavy is imported here: the library is loaded
 * by the first call that needs it.
 */
import { dynamicProvider } from "./dynamic-provider.ts";
import { embeddedStoreHandlers, embeddedStoreInputs } from "./embedded-store.ts";
import { instanceHandlers, instanceInputs } from "./instance.ts";
import { jobInputNames } from "./job-inputs.ts";
import { migrationHandlers } from "./migration.ts";
import { tableHandlers, tableInputs } from "./table.ts";
import { verificationHandlers } from "./verification.ts";

export const embeddedStore = dynamicProvider(embeddedStoreHandlers, embeddedStoreInputs);
export const instance = dynamicProvider(instanceHandlers, instanceInputs);
export const table = dynamicProvider(tableHandlers, tableInputs);
export const migration = dynamicProvider(migrationHandlers, jobInputNames);
export const verification = dynamicProvider(verificationHandlers, jobInputNames);
