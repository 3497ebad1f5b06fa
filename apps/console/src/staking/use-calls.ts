import type { Call } from "@altlayer/sdk";
import { executeAll } from "@altlayer/sdk";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { walletOn } from "../bridge/clients.ts";
import type { Connected } from "../wallet/use-wallet.ts";
import { switchChain } from "../wallet/use-wallet.ts";
import type { Restaking } from "./clients.ts";
import { stakingKey } from "./queries.ts";

export interface CallsProgress {
  readonly labels: readonly string[];
  /** Which of them is signed or mined now; as many as there are when all are done. */
  readonly at: number;
}

export interface Calls {
  readonly progress: CallsProgress | undefined;
  readonly error: unknown;
  readonly busy: boolean;
  /** Prepares transactions, and has the wallet sign one after the other. */
  run(prepare: () => Promise<readonly Call[]>, onDone?: () => void): void;
}

/** Transactions that a wallet signs on the settlement network, each simulated before and waited for. */
export function useCalls(connected: Connected, { l1, network, service }: Restaking): Calls {
  const queries = useQueryClient();
  const [progress, setProgress] = useState<CallsProgress>();
  const run = useMutation({
    mutationFn: async (prepare: () => Promise<readonly Call[]>) => {
      setProgress(undefined);
      const { provider } = connected.wallet;
      await switchChain(provider, { chainId: network.chainId, name: network.name, rpcUrl: network.rpcUrl ?? "" });
      const calls = await prepare();
      const labels = calls.map(({ label }) => label);
      setProgress({ labels, at: 0 });
      const clients = { publicClient: l1, walletClient: walletOn(l1, provider, connected.account) };
      await executeAll(calls, clients, ({ index, state }) =>
        setProgress({ labels, at: state === "done" ? index + 1 : index }),
      );
    },
    onSettled: () => queries.invalidateQueries({ queryKey: stakingKey(service.suite.registrar) }),
  });
  return {
    progress,
    error: run.error,
    busy: run.isPending,
    run: (prepare, onDone) => {
      if (!run.isPending) run.mutate(prepare, { onSuccess: () => onDone?.() });
    },
  };
}
