import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changesBetween } from "../src/core/plan.ts";
import type { RaasError } from "../src/errors.ts";
import {
  exampleSpec,
  exampleYaml,
  PRESETS,
  parseSpec,
  parseSpecYaml,
  specJsonSchema,
  specReference,
} from "../src/index.ts";
import { Networks } from "../src/networks.ts";
import { Planner } from "../src/planner.ts";
import { specFields, valueAt } from "../src/spec/fields.ts";
import type { RollupStore } from "../src/store/rollups.ts";

const problemsOf = (work: () => unknown): string[] => {
  try {
    work();
  } catch (error) {
    expect((error as RaasError).code).toBe("SPEC_INVALID");
    return ((error as RaasError).details.problems as { path: string }[]).map(({ path }) => path);
  }
  return [];
};

describe("the spec", () => {
  test("is the same as YAML, and every starting point is valid", () => {
    expect(parseSpecYaml(exampleYaml())).toEqual(exampleSpec());
    for (const { spec } of PRESETS) expect(() => parseSpec(spec)).not.toThrow();
  });

  test("names each field at fault", () => {
    const spec = exampleSpec();
    const wrong = { ...spec, name: "No Good", chain: { ...spec.chain, blockTimeSeconds: 0 }, extra: 1 };
    expect(problemsOf(() => parseSpec(wrong)).sort()).toEqual(["", "chain.blockTimeSeconds", "name"]);
    expect(problemsOf(() => parseSpecYaml("name: [")).length).toBe(1);
    expect(problemsOf(() => parseSpecYaml("a: &a [x]\nb: *a")).length).toBe(1);
    expect(problemsOf(() => parseSpecYaml(" ".repeat(1_048_577))).length).toBe(1);
  });

  test("survives any document", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (text, value) => {
        problemsOf(() => parseSpecYaml(text));
        problemsOf(() => parseSpec(value));
      }),
    );
  });

  test("says of every field what it costs, whom it makes users trust, and who changes it", () => {
    const fields = specFields();
    expect(fields.length).toBeGreaterThan(20);
    const text = JSON.stringify(specJsonSchema());
    expect(text).toContain("x-altlayer");
    for (const { path, title, change, effect } of fields) {
      expect(title, path).not.toBe(path);
      const consistent = { us: ["live", "restart"], owner: ["signature"], never: ["none"] }[change];
      expect(consistent, path).toContain(effect);
    }
    const reference = specReference();
    for (const { path } of fields) expect(reference).toContain(path);
    expect(reference).not.toContain("undefined");
  });

  test("has a reference in the documentation that is up to date (altlayer spec --reference)", () => {
    expect(readFileSync(new URL("../../../docs/rollup-spec.md", import.meta.url), "utf8")).toBe(specReference());
  });
});

describe("a change", () => {
  const between = (from: unknown, to: unknown) =>
    changesBetween(
      specFields().map((field) => ({
        ...field,
        from: valueAt(from, field.path) ?? null,
        to: valueAt(to, field.path) ?? null,
      })),
    );

  test("to the same is none, whatever the order of keys", () => {
    const spec = exampleSpec();
    const reordered = Object.fromEntries(Object.entries(spec).reverse());
    expect(between(spec, reordered)).toEqual({ changes: [], refused: false, restart: false });
  });

  test("of one field is told as that field, with what it takes", () => {
    const spec = exampleSpec();
    const renamed = between(spec, { ...spec, name: "renamed" });
    expect(renamed).toMatchObject({ refused: false, restart: false, changes: [{ path: "name", effect: "live" }] });
    const funded = between(spec, { ...spec, genesis: { ...spec.genesis, funding: [] } });
    expect(funded).toMatchObject({ refused: true, changes: [{ path: "genesis.funding", change: "never" }] });
    const limited = between(spec, { ...spec, execution: { ...spec.execution, gasLimit: 70_000_000 } });
    expect(limited).toMatchObject({ refused: false, restart: false, changes: [{ effect: "signature" }] });
  });
});

describe("restaking", () => {
  const network = { id: "live", name: "Live", chainId: 5, rpcUrl: "http://127.0.0.1:9" };
  const local = { ...network, id: "local", name: "Local", chainId: 6, development: true };
  const networks = new Networks({ networks: [network, local] });
  const planner = new Planner({ nowMs: Date.now }, { networks, rollups: {} as RollupStore });
  const specOn = (id: string, restaking: "automatic" | "on" | "off") =>
    parseSpec({
      ...exampleSpec(),
      settlement: { network: id },
      services: { mach: { restaking } },
      withdrawals: { absolutePrestate: `0x${"11".repeat(32)}` },
    });
  const actions = (id: string, restaking: "automatic" | "on" | "off") =>
    planner.forNew(specOn(id, restaking)).actions.map(({ kind }) => kind);

  test("is refused by its field where it does not work yet, rather than left out silently", () => {
    expect(problemsOf(() => planner.forNew(specOn("live", "on")))).toEqual(["services.mach.restaking"]);
    expect(problemsOf(() => planner.check(specOn("live", "automatic")))).toEqual([]);
  });

  test("is planned where it works and is not turned off", () => {
    expect(actions("local", "on")).toContain("restake");
    expect(actions("local", "automatic")).toContain("restake");
    expect(actions("local", "off")).not.toContain("restake");
    expect(actions("live", "automatic")).not.toContain("restake");
  });
});
