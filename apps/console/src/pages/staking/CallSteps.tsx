import { bridgeMessage } from "../../bridge/errors.ts";
import type { Calls } from "../../staking/use-calls.ts";
import { Notice } from "../../ui/Notice.tsx";
import { Stages } from "../bridge/Stages.tsx";

/** The transactions of one action, where they are, and why they stopped. */
export function CallSteps({ calls, failed }: { readonly calls: Calls; readonly failed: string }) {
  const { progress, error } = calls;
  const steps = progress?.labels.map((label, index) => ({ id: String(index), title: sentence(label) })) ?? [];
  const finished = progress !== undefined && progress.at >= steps.length;
  return (
    <>
      {progress === undefined || steps.length === 0 ? null : (
        <Stages
          stages={steps}
          current={String(finished ? steps.length - 1 : progress.at)}
          finished={finished}
          failed={error !== null}
        />
      )}
      {progress !== undefined && steps.length === 0 ? (
        <p className="small quiet">There is nothing left to do for this.</p>
      ) : null}
      {error === null ? null : (
        <Notice tone="bad" title={failed}>
          {bridgeMessage(error)}
        </Notice>
      )}
    </>
  );
}

const sentence = (label: string): string => label.charAt(0).toUpperCase() + label.slice(1);
