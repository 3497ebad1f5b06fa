import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { request } from "../api/client.ts";
import { ApiError } from "../api/errors.ts";
import { rollupQuery, rollupsQuery, schemaQuery, sessionQuery } from "../api/queries.ts";
import { RollupLayout } from "../layouts/RollupLayout.tsx";
import { TeamLayout } from "../layouts/TeamLayout.tsx";
import { RollupsPage } from "../pages/team/RollupsPage.tsx";
import { NotFound, RouteError } from "./fallbacks.tsx";

export interface RouterContext {
  readonly queries: QueryClient;
  readonly linkToken: string | undefined;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: RouteError,
  notFoundComponent: NotFound,
});

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string; failed?: true } => ({
    ...(typeof search.next === "string" ? { next: search.next } : {}),
    ...(search.failed === true ? { failed: true } : {}),
  }),
  component: lazyRouteComponent(() => import("../pages/sign-in/SignInPage.tsx"), "SignInPage"),
});

const statusRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/status/$rollup",
  component: lazyRouteComponent(() => import("../pages/status/StatusPage.tsx"), "StatusPage"),
});

/** What another team has is the same to us as what does not exist. */
function orNotFound(error: unknown): never {
  throw error instanceof ApiError && error.code === "NOT_FOUND" ? notFound() : error;
}

let linkUsed = false;

/** Everything behind the sign-in. A local link is turned into a session first. */
const memberRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "member",
  beforeLoad: async ({ context: { queries, linkToken }, location }) => {
    if (linkToken !== undefined && !linkUsed) {
      linkUsed = true;
      const ok = await request("/session/link", { method: "POST", body: { token: linkToken } }).then(
        () => true,
        () => false,
      );
      queries.removeQueries({ queryKey: sessionQuery.queryKey });
      // An old link is no harm to somebody who is signed in already.
      if (!ok && (await queries.fetchQuery(sessionQuery)) === null) {
        throw redirect({ to: "/sign-in", search: { failed: true } });
      }
    }
    const session = await queries.ensureQueryData(sessionQuery);
    if (session === null) throw redirect({ to: "/sign-in", search: { next: location.href } });
    return { session };
  },
});

const homeRoute = createRoute({
  getParentRoute: () => memberRoute,
  path: "/",
  beforeLoad: ({ context: { session } }) => {
    const team = session.teams[0];
    if (team !== undefined) throw redirect({ to: "/teams/$team", params: { team: team.id }, replace: true });
  },
  component: lazyRouteComponent(() => import("../pages/team/FirstTeamPage.tsx"), "FirstTeamPage"),
});

const teamRoute = createRoute({ getParentRoute: () => memberRoute, path: "/teams/$team", component: TeamLayout });

const rollupsRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/",
  loader: ({ context: { queries }, params: { team } }) => queries.ensureQueryData(rollupsQuery(team)).catch(orNotFound),
  component: RollupsPage,
});

const newRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/new",
  // The names that are taken too: the form begins with one that is not.
  loader: ({ context: { queries }, params: { team } }) =>
    Promise.all([queries.ensureQueryData(schemaQuery), queries.ensureQueryData(rollupsQuery(team)).catch(orNotFound)]),
  component: lazyRouteComponent(() => import("../pages/launch/LaunchPage.tsx"), "LaunchPage"),
});

const attachRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/attach",
  component: lazyRouteComponent(() => import("../pages/attach/AttachPage.tsx"), "AttachPage"),
});

const membersRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/members",
  component: lazyRouteComponent(() => import("../pages/team/MembersPage.tsx"), "MembersPage"),
});

const tokensRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/tokens",
  component: lazyRouteComponent(() => import("../pages/team/TokensPage.tsx"), "TokensPage"),
});

const alarmsRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/alarms",
  component: lazyRouteComponent(() => import("../pages/alarms/AlarmsPage.tsx"), "AlarmsPage"),
});

const auditRoute = createRoute({
  getParentRoute: () => teamRoute,
  path: "/audit",
  component: lazyRouteComponent(() => import("../pages/team/AuditPage.tsx"), "AuditPage"),
});

const rollupRoute = createRoute({
  getParentRoute: () => memberRoute,
  path: "/teams/$team/rollups/$rollup",
  loader: ({ context: { queries }, params }) =>
    queries.ensureQueryData(rollupQuery(params.team, params.rollup)).catch(orNotFound),
  component: RollupLayout,
});

const overviewRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/",
  component: lazyRouteComponent(() => import("../pages/rollup/OverviewPage.tsx"), "OverviewPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/settings",
  loader: ({ context: { queries } }) => queries.ensureQueryData(schemaQuery),
  component: lazyRouteComponent(() => import("../pages/rollup/SettingsPage.tsx"), "SettingsPage"),
});

const logsRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/logs",
  component: lazyRouteComponent(() => import("../pages/rollup/LogsPage.tsx"), "LogsPage"),
});

const explorerRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/explorer",
  validateSearch: (search: Record<string, unknown>): { from?: number } =>
    Number.isSafeInteger(search.from) && (search.from as number) >= 0 ? { from: search.from as number } : {},
  component: lazyRouteComponent(() => import("../pages/explorer/BlocksPage.tsx"), "BlocksPage"),
});

const transactionsRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/explorer/transactions",
  validateSearch: (search: Record<string, unknown>): { deposits?: true } =>
    search.deposits === true ? { deposits: true } : {},
  component: lazyRouteComponent(() => import("../pages/explorer/TransactionsPage.tsx"), "TransactionsPage"),
});

const explorerTokensRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/explorer/tokens",
  component: lazyRouteComponent(() => import("../pages/explorer/TokensPage.tsx"), "TokensPage"),
});

const blockRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/explorer/blocks/$block",
  component: lazyRouteComponent(() => import("../pages/explorer/BlockPage.tsx"), "BlockPage"),
});

const transactionRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/explorer/transactions/$hash",
  component: lazyRouteComponent(() => import("../pages/explorer/TransactionPage.tsx"), "TransactionPage"),
});

const addressRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/explorer/addresses/$address",
  component: lazyRouteComponent(() => import("../pages/explorer/AddressPage.tsx"), "AddressPage"),
});

const keysRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/keys",
  component: lazyRouteComponent(() => import("../pages/keys/KeysPage.tsx"), "KeysPage"),
});

const recoveryRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/recovery",
  component: lazyRouteComponent(() => import("../pages/recovery/RecoveryPage.tsx"), "RecoveryPage"),
});

const bridgeRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/bridge",
  component: lazyRouteComponent(() => import("../pages/bridge/BridgePage.tsx"), "BridgePage"),
});

const stakingRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/staking",
  component: lazyRouteComponent(() => import("../pages/staking/StakingPage.tsx"), "StakingPage"),
});

const faucetRoute = createRoute({
  getParentRoute: () => rollupRoute,
  path: "/faucet",
  component: lazyRouteComponent(() => import("../pages/rollup/FaucetPage.tsx"), "FaucetPage"),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  statusRoute,
  memberRoute.addChildren([
    homeRoute,
    teamRoute.addChildren([rollupsRoute, newRoute, attachRoute, membersRoute, tokensRoute, alarmsRoute, auditRoute]),
    rollupRoute.addChildren([
      overviewRoute,
      settingsRoute,
      logsRoute,
      explorerRoute,
      transactionsRoute,
      explorerTokensRoute,
      blockRoute,
      transactionRoute,
      addressRoute,
      recoveryRoute,
      keysRoute,
      bridgeRoute,
      stakingRoute,
      faucetRoute,
    ]),
  ]),
]);

export function createAppRouter(context: RouterContext) {
  return createRouter({
    routeTree,
    context,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFound,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
