const PATHS = "/v2/openapi/";

/** Whether a request is one of the control plane's, by its path; all others are signed and answered as the data plane's are. */
export function isControlPath(target: string): boolean {
  return target.startsWith(PATHS);
}
