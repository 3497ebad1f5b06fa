import { expect, test } from "vitest";
import { type NetworkName, parseServiceFile, windowsOf } from "../src/index.ts";

// docs/spec/mach.md, section 11: the figures of its table.
test.each<[NetworkName, number, number]>([
  ["testnet", 3_878, 3_878 + 1_200 + 1_200 + 100],
  ["mainnet", 3_910, 75_910],
])("the windows of %s are the specification's", (network, undecided, horizon) => {
  const windows = windowsOf(network, { sequencingWindow: 3_600, maxSequencerDrift: 1_800, l1BlockTime: 12 });
  expect(windows.undecided).toBe(undecided);
  const { certificateAge, evidenceWindow, pauseSlack } = windows;
  expect(undecided + certificateAge + evidenceWindow + pauseSlack).toBe(horizon);
});

test.each(["", "{}", "[1]", '{"version":2}'])("%s is no service file", (text) => {
  expect(() => parseServiceFile(text)).toThrow(expect.objectContaining({ code: "SERVICE_FILE_INVALID" }));
});
