export { createLanding, type Landing, type LandingOptions } from "./landing.ts";
