import { buildOfPages } from "../ui/vite-pages.ts";

export default buildOfPages(import.meta.dirname);
