import { join } from "node:path";
import { buildOfPages } from "../packages/ui/vite-pages.ts";
import { docsPages } from "./docs-pages.ts";

export default buildOfPages(import.meta.dirname, [docsPages(join(import.meta.dirname, "../docs"))]);
