import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isUnauthenticated } from "../api/client.ts";
import { ApiError } from "../api/errors.ts";
import { sessionQuery } from "../api/queries.ts";
import { RpcError } from "../chain/rpc-error.ts";

const RETRIES = 2;

export function createQueries(): QueryClient {
  // A session that ended elsewhere: the next look at it sends the user to the sign-in page.
  const onError = (error: unknown) => {
    if (isUnauthenticated(error)) queries.setQueryData(sessionQuery.queryKey, null);
  };
  const queries: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // A refusal does not change by asking again; a lost connection may.
        retry: (failures, error) => !(error instanceof ApiError || error instanceof RpcError) && failures < RETRIES,
      },
    },
  });
  return queries;
}
