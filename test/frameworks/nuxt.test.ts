import { describe } from "vitest";
import { removeBuiltApps } from "./apps.ts";
import { testFramework } from "./contract.ts";

removeBuiltApps();

describe("nuxt", () => testFramework("nuxt"));
