// NestJS with sessions: each user receives what is published for this user, until logout.
//
//   npm install artesian @nestjs/core @nestjs/common @nestjs/platform-express express-session compression
//   npx nest start
//   curl -c jar -d user=ada http://127.0.0.1:3000/login
//   curl -b jar -N 'http://127.0.0.1:3000/api/live?match_urlpattern=/users/:me'
//   curl --json '{"text":"Hello"}' http://127.0.0.1:3000/notify/ada
import "reflect-metadata";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import {
  type BeforeApplicationShutdown,
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Module,
  Param,
  Post,
  Redirect,
  Req,
  Res,
} from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import type { NestExpressApplication } from "@nestjs/platform-express";
import { createHub, type Hub } from "artesian";
import compression from "compression";
import type { Request, Response } from "express";
import session from "express-session";

const SESSION_MS = Number(process.env["SESSION_MS"] ?? 3_600_000);
const page = readFileSync("page.html", "utf8");

const store = new session.MemoryStore();
const readSession: (id: string) => Promise<session.SessionData | null | undefined> = promisify(store.get.bind(store));

declare module "express-session" {
  interface SessionData {
    user: string;
  }
}

/** The hub, which closes with the application. */
@Injectable()
export class LiveUpdates implements BeforeApplicationShutdown {
  readonly hub: Hub = createHub({
    path: "/api/live",
    // From the store, because the hub asks again while the stream is open.
    async authorize(request: Request) {
      const user = (await readSession(request.sessionID))?.user;
      return user && { subject: user, subscribe: [`/users/${user}`], publish: [`/users/${user}`], until: Date.now() + SESSION_MS };
    },
  });

  async beforeApplicationShutdown(): Promise<void> {
    await this.hub.close();
  }
}

@Controller()
export class UserController {
  constructor(private readonly live: LiveUpdates) {}

  @Get()
  @Header("Content-Type", "text/html")
  page(): string {
    return page;
  }

  @Post("login")
  @Redirect("/", 303) // The page opens its stream again.
  login(@Req() request: Request, @Body("user") user: string): void {
    request.session.user = user; // A real application asks for a password.
  }

  @Post("logout")
  @HttpCode(204)
  async logout(@Req() request: Request): Promise<void> {
    const { user } = request.session;
    await promisify(request.session.destroy.bind(request.session))();
    if (user !== undefined) await this.live.hub.disconnect({ subject: user });
  }

  @Post("notify/:user")
  async notify(@Param("user") user: string, @Body("text") text: string): Promise<{ id: string }> {
    return { id: await this.live.hub.publish({ topic: `/users/${user}`, data: text }) };
  }

  /** A stream that the application decides on. */
  @Get("orders/:id")
  order(@Req() request: Request, @Res() response: Response, @Param("id") id: string): void {
    const { user } = request.session;
    this.live.hub.stream(request, response, user === undefined ? undefined : { match: `/orders/${id}`, subject: user });
  }

  @Get("health")
  health(): { streams: number } {
    return { streams: this.live.hub.stats().subscribers };
  }
}

@Module({ controllers: [UserController], providers: [LiveUpdates] })
export class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ["error"] });
app.use(compression({ threshold: 0 }));
app.use(session({ store, secret: process.env["SESSION_SECRET"] ?? "for a first try", resave: false, saveUninitialized: false }));
app.use(app.get(LiveUpdates).hub.handler); // After the session. Nest adds its body parsers later.
app.enableShutdownHooks();
await app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1");
console.log(`listening on ${await app.getUrl()}`);
