export { createLanding, type LandingOptions } from "./landing.ts";
