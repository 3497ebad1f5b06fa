import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useId } from "react";
import type { Page } from "../../api/types.ts";
import { Button } from "../../ui/Button.tsx";
import { Loading } from "../../ui/Loading.tsx";
import { ErrorNotice } from "../../ui/Notice.tsx";

/** A card with a list of the explorer's index, page after page. */
export function IndexList<Item>(props: {
  readonly title: string;
  readonly empty: string;
  readonly list: UseInfiniteQueryResult<InfiniteData<Page<Item>>>;
  readonly action?: ReactNode;
  readonly children: (items: readonly Item[]) => ReactNode;
}) {
  const { list, title } = props;
  const id = useId();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <section className="card" aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {props.action}
      </div>
      {list.isError ? (
        <div className="card-body">
          <ErrorNotice error={list.error} />
        </div>
      ) : list.isPending ? (
        <Loading lines={3} />
      ) : items.length === 0 ? (
        <p className="card-body quiet">{props.empty}</p>
      ) : (
        props.children(items)
      )}
      {list.hasNextPage ? (
        <div className="card-body">
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Older
          </Button>
        </div>
      ) : null}
    </section>
  );
}
