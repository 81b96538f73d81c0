import { describe } from "vitest";
import { removeBuiltApps } from "./apps.ts";
import { testFramework } from "./contract.ts";

removeBuiltApps();

describe.each(["next", "next/server.mjs"])("%s", testFramework);
