import { describe } from "vitest";
import { removeBuiltApps } from "./apps.ts";
import { testFramework } from "./contract.ts";

removeBuiltApps();

describe("react-router", () => testFramework("react-router"));
