// Loaded with the first word of a search, or when the board would be empty.
export { NoMatch } from "./no-match.tsx";
export { searchFor } from "./search.ts";
