export interface AlarmTables {
  /** Alarms that were raised, until they are forgotten. */
  incidents: {
    id: string;
    team_id: string;
    rollup_id: string;
    code: string;
    subject: string;
    message: string;
    relapses: number;
    raised_at: number;
    cleared_at: number | null;
    /** Rollup, code and subject while it is not cleared: there is one at a time. */
    open_key: string | null;
  };
  /** Where a team's alarms are told. */
  alarm_destinations: {
    id: string;
    team_id: string;
    name: string;
    kind: string;
    /** A webhook's URL or an e-mail address. */
    target: string;
    /** A webhook's secret, encrypted. */
    ciphertext: string | null;
    min_severity: string;
    created_by: string;
    created_at: number;
  };
  /** Messages, stored with the incident that they tell of before any is sent. */
  deliveries: {
    id: string;
    team_id: string;
    destination_id: string;
    incident_id: string | null;
    kind: string;
    body: string;
    status: string;
    attempts: number;
    next_at: number;
    problem: string | null;
    created_at: number;
    ended_at: number | null;
  };
}
