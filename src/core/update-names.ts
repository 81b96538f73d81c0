import { namesOf } from "./names.ts";
import type { UpdateInput } from "./update.ts";

/** The members of an update, as programs write it. */
export const UPDATE_NAMES: ReadonlySet<string> = namesOf<UpdateInput>({
  topic: true,
  data: true,
  id: true,
  type: true,
  retry: true,
  private: true,
  delayMs: true,
  deliverAt: true,
  ttlMs: true,
});
