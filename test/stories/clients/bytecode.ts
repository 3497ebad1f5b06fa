/**
 * A counter in assembled bytecode, so that the stories need no compiler: called with data it adds one to slot 0, puts
 * the sum into a log (topic 0x01) and returns it; called without, it returns slot 0.
 */
const RUNTIME = [
  "36601057", // CALLDATASIZE; PUSH1 0x10; JUMPI
  "5f545f5260205ff3", // SLOAD(0) -> MSTORE(0); RETURN(0, 32)
  "00000000", // padding to 0x10
  "5b", // JUMPDEST (0x10)
  "5f54600101", // SLOAD(0) + 1
  "80", // DUP1
  "5f55", // SSTORE(0)
  "5f52", // MSTORE(0)
  "600160205fa1", // LOG1(0, 32, 0x01)
  "60205ff3", // RETURN(0, 32)
].join("");

const size = (RUNTIME.length / 2).toString(16).padStart(2, "0");
/** Creation code: copies the runtime and returns it. */
export const COUNTER_BYTECODE = `0x60${size}600a5f3960${size}5ff3${RUNTIME}` as const;
export const COUNTER_TOPIC = `0x${"01".padStart(64, "0")}` as const;
