import { describe } from "vitest";
import { testFramework } from "./contract.ts";

describe.each(["hono.mjs", "h3.mjs", "nest.ts"])("%s", testFramework);
