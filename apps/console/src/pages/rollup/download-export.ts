import { request } from "../../api/client.ts";
import { rollupPath } from "../../api/queries.ts";
import type { Rollup } from "../../api/types.ts";

/** Exports the rollup and hands the archive to the browser's downloads. @throws ApiError */
export async function downloadExport(rollup: Rollup, password: string): Promise<void> {
  const archive = await request<Blob>(`${rollupPath(rollup.teamId, rollup.id)}/export`, {
    method: "POST",
    body: { password },
    as: "blob",
  });
  const url = URL.createObjectURL(archive);
  const link = document.createElement("a");
  link.href = url;
  link.download = `${rollup.name}.tar.gz`;
  link.click();
  URL.revokeObjectURL(url);
}
