// Nuxt with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian nuxt && npm pkg set type=module
//   npx nuxt build
//   node .output/server/index.mjs
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import { createHub } from "artesian";

const SESSION_MS = Number(process.env.SESSION_MS ?? 3_600_000);

function createLive() {
  /** Users by their session's id. */
  const sessions = new Map();
  const hub = createHub({
    path: "/api/live",
    authorize(request) {
      const user = sessions.get(/(?:^|; )sid=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1]);
      return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
    },
  });
  return { hub, sessions };
}

// In development each change of the server begins a new hub, and the users log in again.
export const { hub, sessions } = createLive();
