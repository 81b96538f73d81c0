export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  routeRules: { "/": { prerender: true } },
  nitro: { compressPublicAssets: true },
});
