/** What holds for every topic of the platform: nothing is thrown away, and nothing compacted. */
export const KEPT_FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const;
