import { usePart } from "artesian-ui/use-part.ts";
import type * as tools from "./index.ts";

/** The parts for actions on messages, once they are needed and there. */
export function useTools(isNeeded: boolean): typeof tools | undefined {
  return usePart(() => import("./index.ts"), isNeeded);
}
