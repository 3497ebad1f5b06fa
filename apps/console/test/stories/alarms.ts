import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { expectAccessible } from "./support/axe.ts";
import type { World } from "./support/world.ts";

export function alarmStories(world: () => World): void {
  const alarms = () => `${world().platform.url}${world().rollupPath.split("/").slice(0, 3).join("/")}/alarms`;

  describe("alarms", () => {
    test("a destination inside the platform's own network is refused with the reason", async () => {
      const { page } = world().owner;
      await page.goto(alarms());
      await page.getByText("Nobody is told yet").waitFor();
      await page.getByRole("button", { name: "Add a destination" }).click();
      const dialog = page.getByRole("dialog", { name: "Add a destination" });
      await dialog.getByLabel("Name").fill("metadata");
      await dialog.getByLabel("URL").fill("http://169.254.169.254.evil");
      await dialog.getByRole("button", { name: "Add", exact: true }).click();
      await dialog.getByText("must begin with https://").waitFor();
      await dialog.getByLabel("URL").fill("https://127.0.0.1/hook");
      await dialog.getByRole("button", { name: "Add", exact: true }).click();
      await dialog.getByText("not on the public Internet").waitFor();
      await expectAccessible(page, "add a destination");
      await dialog.getByRole("button", { name: "Cancel" }).click();
    });

    test("a webhook shows its secret once, tells what its test came to, and is removed", async () => {
      const { page } = world().owner;
      let calls = 0;
      const server = createServer((request, response) => {
        calls++;
        void text(request).then(() => response.end());
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      await page.getByRole("button", { name: "Add a destination" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("pager");
      // A name that means this machine passes the form, and is stopped when it is called.
      await dialog.getByLabel("URL").fill(`https://localhost:${port}/hook`);
      await dialog.getByRole("button", { name: "Add", exact: true }).click();
      await dialog.getByText("Copy it now").waitFor();
      expect(await dialog.getByText(/whsec_/).count()).toBe(1);
      await dialog.getByRole("button", { name: "Done" }).click();
      await page.getByRole("button", { name: "Send a test to pager" }).click();
      await page.getByText(/pager was not reached: .*not on the public Internet/).waitFor();
      await page.getByRole("row", { name: /pager Test Failed/ }).waitFor();
      expect(calls).toBe(0);
      await page.getByRole("button", { name: "Remove pager" }).click();
      await page.getByText("Nobody is told yet").waitFor();
      server.close();
    });
  });
}
