import { claimableOf, claimOf, getOperators, getSlashes, getStake, isSdkError, serviceStatus } from "@altlayer/sdk";
import { queryOptions } from "@tanstack/react-query";
import type { Hex, Network } from "../api/types.ts";
import type { Rpc } from "../chain/rpc.ts";
import type { Restaking } from "./clients.ts";
import { restakingOf } from "./clients.ts";
import type { Participation } from "./participation.ts";
import { readParticipation } from "./participation.ts";

const SERVICE_MS = 4_000;
const STAKE_MS = 3_000;
const PARTICIPATION_MS = 5_000;
const SLASHES_MS = 30_000;

/** Everything that a transaction of stake may change. */
export const stakingKey = (avs: Hex) => ["staking", avs] as const;

export const restakingQuery = (avs: Hex, network: Network, rpc: Rpc) =>
  queryOptions({
    queryKey: ["staking-service", network.id, avs],
    queryFn: () => restakingOf(avs, network, rpc),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const membersQuery = ({ service, l1 }: Restaking) =>
  queryOptions({
    queryKey: [...stakingKey(service.suite.registrar), "members"],
    queryFn: async () => {
      const [status, operators] = await Promise.all([serviceStatus(service, l1), getOperators(l1, { service })]);
      return { status, operators };
    },
    refetchInterval: SERVICE_MS,
  });

export const slashesQuery = ({ service, l1 }: Restaking) =>
  queryOptions({
    queryKey: [...stakingKey(service.suite.registrar), "slashes"],
    queryFn: () => getSlashes(l1, { service }),
    refetchInterval: SLASHES_MS,
  });

export const stakeQuery = ({ service, l1 }: Restaking, staker: Hex) =>
  queryOptions({
    queryKey: [...stakingKey(service.suite.registrar), "stake", staker],
    queryFn: () => getStake(l1, { service, staker }),
    refetchInterval: STAKE_MS,
  });

/** What can be claimed; null where only who made the rewards root knows. */
export const rewardsQuery = ({ service, l1 }: Restaking, earner: Hex) =>
  queryOptions({
    queryKey: [...stakingKey(service.suite.registrar), "rewards", earner],
    queryFn: async () => {
      try {
        const claim = await claimOf({ ...service, earner }, l1);
        const open = claim === undefined ? [] : await claimableOf(service, claim, l1);
        return open.filter(({ amount }) => amount > 0n);
      } catch (error) {
        if (isSdkError(error) && error.code === "CLAIM_NEEDED") return null;
        throw error;
      }
    },
    refetchInterval: SLASHES_MS,
  });

export const participationQuery = (rpc: Rpc, rollup: string) =>
  queryOptions({
    queryKey: ["chain", rollup, "participation"],
    queryFn: ({ client, queryKey }) => readParticipation(rpc, client.getQueryData<Participation>(queryKey)),
    refetchInterval: PARTICIPATION_MS,
  });
