import { useQuery } from "@tanstack/react-query";
import { formatDuration, formatInteger } from "../../chain/format.ts";
import type { Heads } from "../../chain/heads.ts";
import type { Latency } from "../../chain/latency.ts";
import { latencyQuery } from "../../chain/latency.ts";
import { LineChart } from "../../ui/chart/LineChart.tsx";
import { useRollup } from "./use-rollup.ts";

const SERIES = [
  { id: "blockCertificate", title: "Block certificate", color: "var(--chart-1)" },
  { id: "safe", title: "Safe", color: "var(--chart-2)" },
  { id: "finalized", title: "Finalized", color: "var(--chart-3)" },
] as const;
const WINDOW_SECONDS = 3_600;
const POINTS_MIN = 3;

/** How long blocks of the last hour took from their sealing to each rung. */
export function FinalityOverTime({
  heads,
  blockTimeSeconds,
}: {
  readonly heads: Heads;
  readonly blockTimeSeconds: number;
}) {
  const { rpc, heads: options } = useRollup();
  const blocks = Math.ceil(WINDOW_SECONDS / blockTimeSeconds);
  const { data = [] } = useQuery(latencyQuery(rpc, options.key, { latest: heads.latest.number, blocks }));
  const [first, last] = [data[0], data.at(-1)];
  if (first === undefined || last === undefined || data.length < POINTS_MIN) return null;
  const end = ({ number }: Latency) => `Block ${formatInteger(number)}`;
  return (
    <LineChart
      title="Time to each rung, from sealing"
      series={SERIES}
      points={data.map((each) => ({
        key: each.number,
        text: `${end(each)}: ${SERIES.map(({ id, title }) => `${title.toLowerCase()} ${told(each[id])}`).join(", ")}`,
        values: SERIES.map(({ id }) => each[id]),
      }))}
      format={formatDuration}
      ends={[end(first), end(last)]}
    />
  );
}

const told = (milliseconds: number | null): string => (milliseconds === null ? "-" : formatDuration(milliseconds));
