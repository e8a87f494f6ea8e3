const PATHS = "/v2/openapi/";

/** The calls that are answered, by their paths without the leading slash. Here, so that who only tells them from others does not load what answers them. */
export const controlCalls = [
  "v2/openapi/listclustertype",
  "v2/openapi/getinstance",
  "v2/openapi/listinstances",
  "v2/openapi/createinstance",
  "v2/openapi/deleteinstance",
  "v2/openapi/updateinstance",
  "v2/openapi/changeresourcegroup",
  "v2/openapi/tagresources",
  "v2/openapi/untagresources",
] as const;

export type ControlCallName = (typeof controlCalls)[number];

const names: ReadonlySet<string> = new Set(controlCalls);

export function isControlCall(name: string): name is ControlCallName {
  return names.has(name);
}

/** Whether a request is one of the control plane's, by its path; all others are signed and answered as the data plane's are. */
export function isControlPath(target: string): boolean {
  return target.startsWith(PATHS);
}
