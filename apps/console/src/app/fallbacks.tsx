import type { ErrorComponentProps } from "@tanstack/react-router";
import { Link, useRouter } from "@tanstack/react-router";
import { ApiError, messageOf } from "../api/errors.ts";
import { Button } from "../ui/Button.tsx";
import { Empty } from "../ui/Notice.tsx";

export function NotFound() {
  return (
    <main className="bare">
      <Empty whole title="There is nothing here" action={<Link to="/">To your rollups</Link>}>
        What this address names does not exist, or belongs to a team that you are not in.
      </Empty>
    </main>
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  if (error instanceof ApiError && error.code === "NOT_FOUND") return <NotFound />;
  return (
    <main className="bare">
      <Empty
        whole
        title="This page could not be shown"
        action={
          <Button
            onClick={() => {
              reset();
              void router.invalidate();
            }}
          >
            Try again
          </Button>
        }
      >
        {messageOf(error)}
        {error instanceof ApiError && error.requestId !== null ? ` (request ${error.requestId})` : ""}
      </Empty>
    </main>
  );
}
