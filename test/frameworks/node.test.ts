import { describe } from "vitest";
import { testFramework } from "./contract.ts";

describe.each(["node-http.mjs", "express.mjs", "fastify.mjs", "koa.mjs"])("%s", testFramework);
