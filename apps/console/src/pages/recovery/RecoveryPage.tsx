import { useTitle } from "../../app/use-title.ts";
import { useRollup } from "../rollup/use-rollup.ts";
import { Drills } from "./Drills.tsx";
import { Restore } from "./Restore.tsx";
import { Snapshots } from "./Snapshots.tsx";

/** What stands between this rollup and its loss, and whether it was tried. */
export function RecoveryPage() {
  const { rollup } = useRollup();
  useTitle(rollup.name, "Recovery");
  return (
    <>
      <div className="page-head">
        <div className="stack tight">
          <h1>Recovery</h1>
          <p className="quiet">
            An escape hatch that nobody has tried is a hope. Each drill plays on an isolated copy with keys made for it;
            the rollup itself is never touched.
          </p>
        </div>
      </div>
      <Drills rollup={rollup} />
      <Snapshots rollup={rollup} />
      <Restore rollup={rollup} />
    </>
  );
}
