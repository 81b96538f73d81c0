import "../../shared/ui/no-start.ts";
import "../../shared/ui/base.css";
import "./console.css";
import { startPage } from "../../shared/ui/start-page.tsx";
import { ConsoleApp } from "./console-app.tsx";

startPage(<ConsoleApp />);
