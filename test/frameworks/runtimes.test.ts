import { describe } from "vitest";
import { testFramework } from "./contract.ts";

describe.each(["bun.mjs", "elysia.mjs", "deno.mjs"])("%s", testFramework);
