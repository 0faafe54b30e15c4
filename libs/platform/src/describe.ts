import { Rejection } from '@sanwang/kernel';
import type { Api } from '@sanwang/rpc';
import type { ServiceContext, ServiceDefinition } from '@sanwang/service';

/** Stands for what a service works with where only its declarations are looked at: whatever is called of it fails. */
const nothing = <T extends object>(): T =>
  new Proxy(() => undefined, {
    get: (_target, name) => (typeof name === 'symbol' ? undefined : nothing()),
    ownKeys: () => [],
    apply() {
      throw new Rejection('internal', 'only-described', 'This service runs in another process.');
    },
  }) as unknown as T;

/** A service's rpcs as it declares them: which are commands, what a request may hold. Their handlers work in its own process only. */
export const describeApis = (definition: ServiceDefinition): readonly Api[] => definition.api(nothing<ServiceContext>());
