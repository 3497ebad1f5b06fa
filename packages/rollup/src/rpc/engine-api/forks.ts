/** Activation times that decide which version of an Engine API method applies (seconds; `undefined` is never). */
export interface EngineForks {
  readonly ecotone: number | undefined;
  readonly holocene: number | undefined;
  readonly isthmus: number | undefined;
}

/** Reads the times from the `config` of genesis.json. Cancun is Ecotone and Prague is Isthmus on the OP Stack (specs, exec-engine.md). */
export function engineForks(config: Readonly<Record<string, unknown>>): EngineForks {
  const time = (...names: readonly string[]): number | undefined => {
    for (const name of names) {
      const value = config[name];
      if (typeof value === "number") return value;
    }
    return undefined;
  };
  return {
    ecotone: time("ecotoneTime", "cancunTime"),
    holocene: time("holoceneTime"),
    isthmus: time("isthmusTime", "pragueTime"),
  };
}

export function isActive(activation: number | undefined, timestamp: number): boolean {
  return activation !== undefined && timestamp >= activation;
}
