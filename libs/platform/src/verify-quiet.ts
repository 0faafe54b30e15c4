import type { RunningService } from '@sanwang/service';
import type { Outcome, Progress } from './long-work.ts';
import type { Ports } from './ports.ts';
import { quietRelays } from './quiet.ts';
import type { Rebuilding } from './rebuilding.ts';
import { verifyModels } from './verify.ts';

const ATTEMPTS = 3;

/** The live models of this process's services against what the log makes of them, again when the log grew meanwhile. */
export const verifyQuiet = async (
  parts: {
    readonly services: readonly RunningService[];
    readonly rebuilding: Rebuilding;
    readonly ports: Pick<Ports, 'store' | 'bus'>;
    readonly signal: AbortSignal;
  },
  progress: Progress,
): Promise<Outcome> => {
  const relays = quietRelays(parts.services, parts.ports);
  for (let attempt = 1; ; attempt++) {
    const outcome = await verifyModels({ ...parts, relays }, progress);
    const moved = await relays.moved();
    if (moved.size === 0 || outcome.findings?.length === 0) return outcome;
    if (attempt < ATTEMPTS) continue;
    const message = `the log of ${[...moved].join(', ')} grew while the models were read: nothing is proven; verify again when less is written`;
    return { hashes: outcome.hashes ?? [], findings: [{ part: 'models', position: '', message }] };
  }
};
