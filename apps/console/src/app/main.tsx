import "@fontsource-variable/geist/index.css";
import "@fontsource-variable/geist-mono/index.css";
import "../styles/base.css";
import "../styles/tokens.css";
import "../styles/parts.css";
import "../styles/forms.css";
import "../styles/shell.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Toasts } from "../ui/Toasts.tsx";
import { applyTheme } from "../ui/theme.ts";
import { createQueries } from "./queries.ts";
import { createAppRouter } from "./router.tsx";
import { takeLinkToken } from "./sign-in-link.ts";

applyTheme();
const linkToken = takeLinkToken();
const queries = createQueries();
const router = createAppRouter({ queries, linkToken });
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  );
}
