export const prerender = true; // Served as gzip.
