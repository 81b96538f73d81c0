import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig, type UserConfig } from "vite";
import { BUILD_TARGET } from "../ui/src/oldest-browsers.ts";

const root = import.meta.dirname;
const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Readonly<Record<string, string>>;

/** Builds the single file for pages without a bundler, beside the modules. */
const config: UserConfig = defineConfig({
  root,
  build: {
    emptyOutDir: false,
    target: BUILD_TARGET,
    lib: { entry: "src/script.ts", name: "artesian", formats: ["iife"], fileName: () => "artesian.js" },
    rolldownOptions: { output: { postBanner: `/*! ${name} ${version}, ${license} licence */` } },
  },
});
export default config;
