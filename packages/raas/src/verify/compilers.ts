/** The compilers that are installed with the platform: npm's solc, by version. None is fetched when somebody asks for it. */
const PACKAGES = {
  "0.8.30": "solc-0.8.30",
  "0.8.15": "solc-0.8.15",
} as const;

export type CompilerVersion = keyof typeof PACKAGES;
export const COMPILERS = Object.keys(PACKAGES) as [CompilerVersion, ...CompilerVersion[]];
export const packageOf = (version: CompilerVersion): string => PACKAGES[version];
