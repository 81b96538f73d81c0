import { buildOfPages } from "../packages/ui/vite-pages.ts";

export default buildOfPages(import.meta.dirname);
