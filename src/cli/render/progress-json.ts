import type { ProgressView } from "./progress-view.ts";

/** For machines: each report as a JSON line of type `progress`, each note as one of type `note`. */
export function progressJson(write: (line: string) => void): ProgressView {
  return {
    show: (progress) => write(JSON.stringify({ type: "progress", ...progress })),
    note: (text) => write(JSON.stringify({ type: "note", text })),
    end: () => {},
  };
}
