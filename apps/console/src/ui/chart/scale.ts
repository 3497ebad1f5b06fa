/** The next 1, 2 or 5 times a power of ten: where an axis ends, so that its marks read well. 1 where there is nothing. */
export function niceMax(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}

export interface LogScale {
  /** Powers of ten that are marked. */
  readonly marks: readonly number[];
  /** Height of a value, 0 at the bottom to 1 at the top. */
  at(value: number): number;
}

/** A scale of powers of ten around `values`, all above zero: from milliseconds to hours in one picture. */
export function logScale(values: readonly number[]): LogScale {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive, 100)));
  const high = Math.ceil(Math.log10(Math.max(...positive, 10 ** (low + 1))));
  const span = Math.max(1, high - low);
  return {
    marks: Array.from({ length: span + 1 }, (_, index) => 10 ** (low + index)),
    at: (value) => Math.min(1, Math.max(0, (Math.log10(Math.max(value, 10 ** low)) - low) / span)),
  };
}
