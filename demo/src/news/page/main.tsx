import "../../shared/ui/no-start.ts";
import "../../shared/ui/base.css";
import "./news.css";
import { startPage } from "../../shared/ui/start-page.tsx";
import { NewsPage } from "./news-page.tsx";

startPage(<NewsPage />);
