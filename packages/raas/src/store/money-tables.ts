export interface MoneyTables {
  /** What each account paid on its settlement network, by hour and by day. Amounts are decimal text. */
  spending: {
    rollup_id: string;
    role: string;
    /** `hour` or `day`. */
    span: string;
    start_at: number;
    transactions: number;
    fee_wei: string;
    value_wei: string;
    data_bytes: number;
    blobs: number;
  };
  /** Users' transactions on the rollup, by day. */
  usage: { rollup_id: string; start_at: number; transactions: number; blocks: number };
  /** How far a chain was read, and since when. */
  cursors: { name: string; position: number; since: number };
}
