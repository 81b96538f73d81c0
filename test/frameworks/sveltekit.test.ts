import { describe } from "vitest";
import { removeBuiltApps } from "./apps.ts";
import { testFramework } from "./contract.ts";

removeBuiltApps();

describe("sveltekit", () => testFramework("sveltekit"));
