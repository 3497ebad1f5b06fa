import type { SeededRandom } from "./seeded-random.ts";

/** Opcodes with fixed pops and pushes that need no care for their operands. */
const simple: readonly (readonly [code: number, pops: number, pushes: number])[] = [
  ...[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07].map((code) => [code, 2, 1] as const),
  ...[0x08, 0x09].map((code) => [code, 3, 1] as const),
  [0x0a, 2, 1],
  [0x0b, 2, 1],
  ...[0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c, 0x1d].map((code) => [code, 2, 1] as const),
  ...[0x15, 0x19].map((code) => [code, 1, 1] as const),
  // ADDRESS, ORIGIN, CALLER, CALLVALUE, CALLDATASIZE, CODESIZE, GASPRICE, RETURNDATASIZE, COINBASE, TIMESTAMP, NUMBER,
  // PREVRANDAO, GASLIMIT, CHAINID, SELFBALANCE, BASEFEE, BLOBBASEFEE, MSIZE, PC, GAS
  ...[
    0x30, 0x32, 0x33, 0x34, 0x36, 0x38, 0x3a, 0x3d, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x4a, 0x59, 0x58,
    0x5a,
  ].map((code) => [code, 0, 1] as const),
  [0x50, 1, 0],
];

const interesting = [
  0n,
  1n,
  2n,
  31n,
  32n,
  33n,
  255n,
  256n,
  1n << 64n,
  (1n << 255n) - 1n,
  1n << 255n,
  (1n << 256n) - 1n,
];

/** Writes random programs that keep their stack sound, so that most of them reach their deep ends. */
export class ProgramWriter {
  readonly #random: SeededRandom;
  readonly #targets: readonly string[];
  readonly #bytes: number[] = [];
  #depth = 0;

  constructor(options: { readonly targets: readonly string[] }, { random }: { readonly random: SeededRandom }) {
    this.#targets = options.targets;
    this.#random = random;
  }

  /** A program of about `steps` steps as hex. */
  write(steps: number): string {
    for (let step = 0; step < steps; step++) this.#step();
    return `0x${Buffer.from(this.#bytes).toString("hex")}`;
  }

  #op(code: number, pops: number, pushes: number): void {
    this.#bytes.push(code);
    this.#depth += pushes - pops;
  }

  #push(value: bigint): void {
    const digits = value.toString(16);
    const bytes = Buffer.from(digits.length % 2 ? `0${digits}` : digits, "hex");
    this.#op(0x5f + bytes.length, 0, 1);
    this.#bytes.push(...bytes);
  }

  #pushSmall(limit: number): void {
    this.#push(BigInt(this.#random.below(limit)));
  }

  #pushValue(): void {
    const kind = this.#random.below(4);
    if (kind === 0) this.#push(this.#random.pick(interesting));
    else if (kind === 1) this.#pushSmall(300);
    else if (kind === 2) this.#push(this.#random.word());
    else this.#push(BigInt(this.#random.pick(this.#targets)));
  }

  #step(): void {
    const kind = this.#random.below(100);
    if (kind < 20) this.#pushValue();
    else if (kind < 50) this.#simple();
    else if (kind < 62) this.#storage();
    else if (kind < 74) this.#memory();
    else if (kind < 84) this.#call();
    else if (kind < 88) this.#account();
    else if (kind < 91) this.#create();
    else if (kind < 94) this.#log();
    else if (kind < 97) this.#shuffle();
    else if (kind < 98) this.#loop();
    else if (this.#random.below(6) === 0) this.#end();
  }

  #simple(): void {
    const [code, pops, pushes] = this.#random.pick(simple);
    while (this.#depth < pops) this.#pushValue();
    this.#op(code, pops, pushes);
  }

  #storage(): void {
    const transient = this.#random.below(3) === 0;
    if (this.#random.below(2) === 0) {
      this.#pushSmall(6);
      this.#op(transient ? 0x5c : 0x54, 1, 1);
      return;
    }
    this.#random.below(3) === 0 ? this.#push(0n) : this.#pushValue();
    this.#pushSmall(6);
    this.#op(transient ? 0x5d : 0x55, 2, 0);
  }

  #memory(): void {
    const kind = this.#random.below(7);
    if (kind < 2) {
      this.#pushValue();
      this.#pushSmall(200);
      this.#op(kind === 0 ? 0x52 : 0x53, 2, 0);
    } else if (kind === 2) {
      this.#pushSmall(200);
      this.#op(0x51, 1, 1);
    } else if (kind === 3) {
      this.#pushSmall(100);
      this.#pushSmall(200);
      this.#op(0x20, 2, 1);
    } else if (kind < 6) {
      // CALLDATACOPY, CODECOPY or MCOPY: length, source, destination.
      for (const limit of [80, 120, 120]) this.#pushSmall(limit);
      this.#op(this.#random.pick([0x37, 0x39, 0x5e]), 3, 0);
    } else {
      this.#pushSmall(100);
      this.#op(0x35, 1, 1);
    }
  }

  #call(): void {
    const code = this.#random.pick([0xf1, 0xf1, 0xf2, 0xf4, 0xfa]);
    for (const limit of [64, 128, 96, 128]) this.#pushSmall(limit); // output and input: length, offset
    const withValue = code === 0xf1 || code === 0xf2;
    if (withValue) this.#pushSmall(this.#random.below(3) === 0 ? 1000 : 1);
    // Now and then a precompile, else one of the world's contracts.
    if (this.#random.below(4) === 0) this.#push(BigInt(1 + this.#random.below(9)));
    else this.#push(BigInt(this.#random.pick(this.#targets)));
    if (this.#random.below(12) === 0) this.#op(0x5a, 0, 1);
    else this.#pushSmall(120_000);
    this.#op(code, withValue ? 7 : 6, 1);
    if (this.#random.below(3) === 0) {
      // Copy what came back. Now and then a byte too many, which must end the frame.
      if (this.#random.below(20) === 0) this.#pushSmall(3);
      else this.#op(0x3d, 0, 1);
      this.#push(0n);
      this.#pushSmall(64);
      this.#op(0x3e, 3, 0);
    }
  }

  #account(): void {
    this.#push(BigInt(this.#random.pick(this.#targets)));
    const code = this.#random.pick([0x31, 0x3b, 0x3f, 0x3c]);
    if (code !== 0x3c) {
      this.#op(code, 1, 1);
      return;
    }
    this.#op(0x50, 1, 0);
    for (const limit of [64, 64, 64]) this.#pushSmall(limit);
    this.#push(BigInt(this.#random.pick(this.#targets)));
    this.#op(code, 4, 0);
  }

  #create(): void {
    // Init code that returns a little code, or stores and stops, or reverts; written into memory first.
    const init = this.#random.pick([
      "600160005360016000f3",
      "602a60005500",
      "600080fd",
      "6001600155600460005360016000f3",
      "33ff",
      "60ef60005360016000f3",
    ]);
    const bytes = init.length / 2;
    this.#push(BigInt(`0x${init}`) << BigInt((32 - bytes) * 8));
    this.#push(0n);
    this.#op(0x52, 2, 0);
    const salted = this.#random.below(2) === 0;
    if (salted) this.#pushSmall(2);
    this.#push(BigInt(bytes));
    this.#push(0n);
    this.#pushSmall(2);
    this.#op(salted ? 0xf5 : 0xf0, salted ? 4 : 3, 1);
  }

  #log(): void {
    const topics = this.#random.below(5);
    for (let topic = 0; topic < topics; topic++) this.#pushValue();
    this.#pushSmall(64);
    this.#pushSmall(64);
    this.#op(0xa0 + topics, topics + 2, 0);
  }

  #shuffle(): void {
    if (this.#depth < 2) this.#pushValue();
    if (this.#depth < 2) this.#pushValue();
    const reach = Math.min(16, this.#depth - 1);
    if (this.#random.below(2) === 0) this.#op(0x90 + this.#random.below(reach), 0, 0);
    else this.#op(0x80 + this.#random.below(reach + 1), 0, 1);
  }

  #loop(): void {
    // PUSH n; JUMPDEST; a storage touch; PUSH 1; SWAP1; SUB; DUP1; PUSH2 dest; JUMPI; POP
    this.#pushSmall(8);
    this.#push(1n);
    this.#op(0x01, 2, 1);
    const destination = this.#bytes.length;
    this.#bytes.push(0x5b, 0x80, 0x54, 0x50, 0x60, 0x01, 0x90, 0x03, 0x80);
    this.#bytes.push(0x61, destination >> 8, destination & 0xff, 0x57, 0x50);
    this.#depth -= 1;
  }

  #end(): void {
    const kind = this.#random.below(4);
    if (kind === 0) this.#bytes.push(0x00);
    else if (kind === 1) {
      this.#push(BigInt(this.#random.pick(this.#targets)));
      this.#op(0xff, 1, 0);
    } else {
      this.#pushSmall(64);
      this.#pushSmall(64);
      this.#op(kind === 2 ? 0xf3 : 0xfd, 2, 0);
    }
  }
}
