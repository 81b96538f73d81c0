import { hub } from "../live.server.js";

export const loader = ({ request }) => hub.fetch(request); // GET
export const action = ({ request }) => hub.fetch(request); // All other methods.
