import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./chat.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { ChatPage } from "./chat-page.tsx";

startPage(<ChatPage room={location.pathname.split("/")[2] ?? "lobby"} />);
