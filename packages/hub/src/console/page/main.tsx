import "artesian-ui/no-start.ts";
import "artesian-ui/base.css";
import "./console.css";
import { startPage } from "artesian-ui/start-page.tsx";
import { ConsoleApp } from "./console-app.tsx";

startPage(ConsoleApp);
