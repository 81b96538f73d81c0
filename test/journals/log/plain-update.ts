import type { Update } from "../../../packages/hub/src/core/update/update.ts";

/** Makes an update. */
export function update(data: string, more: Partial<Update> = {}): Update {
  return { topics: ["t"], data, id: undefined, type: undefined, retry: undefined, private: false, ...more };
}
