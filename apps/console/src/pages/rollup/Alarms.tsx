import type { Alarm } from "../../api/types.ts";
import { Notice } from "../../ui/Notice.tsx";
import { Ago } from "../../ui/Time.tsx";

export const Alarms = ({ alarms }: { readonly alarms: readonly Alarm[] }) =>
  alarms.map((alarm) => (
    <Notice
      key={`${alarm.code} ${alarm.message}`}
      tone={alarm.severity === "critical" ? "bad" : "warn"}
      title={alarm.message}
    >
      <code>{alarm.code}</code>, since <Ago ms={Date.parse(alarm.since)} />
    </Notice>
  ));
