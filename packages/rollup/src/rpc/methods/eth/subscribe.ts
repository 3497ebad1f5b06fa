import { z } from "zod";
import { invalidParams, notificationsUnsupported, subscriptionNotFound } from "../../errors.ts";
import { identifier, logCriteria } from "../../filters/criteria.ts";
import type { SubscriptionRequest, Subscriptions } from "../../filters/subscriptions.ts";
import { describeIssue } from "../../json-rpc/issues.ts";
import type { CallContext, Notifier, RpcMethod } from "../../json-rpc/method.ts";
import { defineMethod, json, plain } from "../../json-rpc/method.ts";
import { bool, text } from "../../json-rpc/params.ts";
import type { RpcLimits } from "../../options.ts";

/** eth_subscribe and eth_unsubscribe, which need a connection that takes notifications. */
export function subscribeMethods(
  options: { readonly limits: RpcLimits },
  { subscriptions }: { readonly subscriptions: Subscriptions },
): RpcMethod[] {
  const criteria = logCriteria(options.limits);
  const parse = <T>(schema: z.ZodType<T>, value: unknown): T => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    throw invalidParams(`invalid argument 1: ${describeIssue(result.error)}`);
  };
  const request = (name: string, argument: unknown): SubscriptionRequest => {
    switch (name) {
      case "newHeads":
      case "syncing":
      case "newFlashblocks":
      case "machCertificates":
      case "machAlerts":
      case "machVoid":
        return { kind: name };
      case "logs":
      case "pendingLogs":
        return { kind: name, criteria: parse(criteria, argument ?? {}) };
      case "newPendingTransactions":
      case "newFlashblockTransactions":
        return {
          kind: name,
          full: parse(bool.optional(), argument ?? undefined) ?? false,
        };
      default:
        throw subscriptionNotFound(name.slice(0, 100));
    }
  };
  return [
    defineMethod({
      name: "eth_subscribe",
      params: [text, z.unknown().optional()],
      run: ([name, argument], context) => {
        const notifier = notifierOf(context);
        return plain(subscriptions.subscribe(notifier, request(name, argument)));
      },
    }),
    defineMethod({
      name: "eth_unsubscribe",
      params: [identifier],
      run: ([id], context) => json(subscriptions.unsubscribe(notifierOf(context), id)),
    }),
  ];
}

function notifierOf(context: CallContext): Notifier {
  if (context.notifier === undefined) throw notificationsUnsupported();
  return context.notifier;
}
