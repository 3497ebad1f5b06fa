/**
 * The walls between the rooms (S3, S6). `npm run check` runs this, then plants one violation of each rule
 * and fails if a single one goes unseen (scripts/check/boundaries.mjs).
 */
const PURE = "^packages/(protocol/src/|.+/(core|sim)/)";

module.exports = {
  forbidden: [
    {
      name: "pure-no-node",
      comment: "Pure code does no I/O: no node builtin (S3).",
      severity: "error",
      from: { path: PURE },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "pure-imports-pure",
      comment: "Pure code imports only pure code: hashers, decompressors and clocks come in as arguments (S3).",
      severity: "error",
      from: { path: PURE },
      to: { pathNot: `${PURE}|^packages/protocol/|/node_modules/(fast-check|vitest)/` },
    },
    {
      name: "core-stays-in-core",
      comment: "A core never reaches into its shell: arrows point from shells to cores (S3).",
      severity: "error",
      from: { path: "^(packages|apps)/([^/]+)/src/.*core/" },
      to: { path: "^(packages|apps)/$2/src/", pathNot: "/core/" },
    },
    {
      name: "package-face",
      comment: "Another package is entered by its face, src/index.ts, only (S6).",
      severity: "error",
      from: { path: "^(?:packages|apps)/([^/]+)/" },
      to: {
        path: "^(?:packages|apps)/([^/]+)/src/",
        pathNot: "^(?:packages|apps)/(?:$1/|[^/]+/src/(?:index|log)\\.ts$)",
      },
    },
    {
      name: "package-face-from-outside",
      comment: "Stories, benches and contracts enter a package by its face, src/index.ts, only (S6).",
      severity: "error",
      from: { path: "^(?:test|bench|contracts|scripts)/" },
      to: { path: "^(?:packages|apps)/[^/]+/src/", pathNot: "^(?:packages|apps)/[^/]+/src/index\\.ts$" },
    },
    {
      name: "packages-not-apps",
      comment: "A package never imports a program (apps) nor the stories (test, bench).",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^(apps|test|bench)/" },
    },
    {
      name: "arrows",
      comment:
        "protocol <- engine <- rollup <- apps; deployer knows only protocol and contracts, mach protocol and engine. Nothing points back.",
      severity: "error",
      from: { path: "^packages/(protocol|engine|deployer|mach)/src/" },
      to: { path: "^packages/rollup/" },
    },
    {
      name: "arrows-engine",
      severity: "error",
      from: { path: "^packages/(engine|mach)/src/" },
      to: { path: "^packages/deployer/" },
    },
    {
      name: "arrows-restaking",
      comment:
        "restaking knows the contracts, the protocol and the SDK's staking; whoever needs its clients brings the engine's keys along.",
      severity: "error",
      from: { path: "^packages/restaking/src/" },
      to: { path: "^packages/(?!restaking/|protocol/|sdk/)" },
    },
    {
      name: "sdk-for-browsers",
      comment: "The SDK runs in browsers: no node builtin, and of our packages only those that have none either.",
      severity: "error",
      from: { path: "^packages/sdk/src/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "sdk-arrows",
      severity: "error",
      from: { path: "^packages/sdk/src/" },
      to: { path: "^packages/", pathNot: "^packages/(sdk|protocol)/" },
    },
    {
      name: "platform-on-top",
      comment: "The control plane stands above the parts that it runs: none of them knows it.",
      severity: "error",
      from: { path: "^packages/(?!raas/)" },
      to: { path: "^packages/raas/" },
    },
    {
      name: "console-in-the-browser",
      comment:
        "The console runs in a browser and speaks HTTP: of ours it knows the SDK and the protocol, no server (S1).",
      severity: "error",
      from: { path: "^apps/console/src/.+/" },
      to: { path: "^(packages|apps|contracts)/", pathNot: "^(packages/(sdk|protocol)/|apps/console/)" },
    },
    {
      name: "console-no-node",
      comment:
        "There are no node builtins in a browser; only the face, which tells a server where the build lies, has them.",
      severity: "error",
      from: { path: "^apps/console/src/.+/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-circular",
      comment: "No circular imports (S6).",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "not-to-unresolvable",
      comment: "Every import resolves.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "\\.node$" },
    },
    {
      name: "src-not-to-test",
      comment: "What ships imports no tests.",
      severity: "error",
      from: { path: "^(packages|apps)/[^/]+/src/" },
      to: { path: "/test/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(\\.altlayer|target|vectors)/|^apps/console/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      extensions: [".ts", ".tsx", ".mts", ".mjs", ".js", ".cjs", ".json"],
    },
  },
};
